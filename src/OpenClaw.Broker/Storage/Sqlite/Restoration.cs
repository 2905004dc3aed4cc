using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>What a restore put in place.</summary>
/// <param name="Tokens">How many tokens are good again as they were then.</param>
/// <param name="Kept">Where the file that was there is now; null where there was none.</param>
internal sealed record RestoreReport(JobNumbers Jobs, long Tokens, string? Kept);

/// <summary>
/// Puts a backup in the place of the stopped broker's file, which is kept beside it. Jobs that ran when the backup was made wait
/// again, and the attempts of then are fenced: their workers' outcomes are refused.
/// </summary>
internal static class Restoration
{
    /// <exception cref="DatabaseException">The backup can't be used, or a broker runs on the file; nothing was changed.</exception>
    public static RestoreReport Run(string path, string backup, long now)
    {
        if (!File.Exists(backup)) throw new DatabaseException($"There is no backup {backup}. Name a file that --backup made.");
        if (Path.GetFullPath(backup) == Path.GetFullPath(path)) throw new DatabaseException($"{backup} is the broker's own file. Name a backup of it.");
        try
        {
            var numbers = Backup.Prove(backup);
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            PrivateFiles.CreateFolder(folder);
            using var held = DatabaseFile.Hold(path);
            var next = path + ".restoring";
            DeleteAll(next);
            Backup.Copy(backup, next);
            long tokens;
            using (var database = Database.Open(next)) tokens = Fence(database, now);
            FileOwner.Take(next, from: File.Exists(path) ? path : folder);
            var kept = SetAside(path);
            File.Move(next, path);
            PrivateFiles.SyncFolder(folder);
            DeleteAll(next);
            FileOwner.Take(path + ".lock", from: path);
            return new RestoreReport(numbers, tokens, kept);
        }
        catch (SqliteException e)
        {
            throw DatabaseException.From(e, backup);
        }
    }

    /// <summary>Jobs that ran wait at their old place, without the token of then; asked to be cancelled, they are.</summary>
    /// <returns>How many callers' tokens the file has.</returns>
    private static long Fence(Database database, long now)
    {
        using var connection = database.Connect();
        using var sql = new Statements(connection);
        var counts = new Counts();
        using (var transaction = connection.BeginTransaction(deferred: false))
        {
            foreach (var job in sql[$"select {JobTable.Rows.Select("j")} from job j where state = 'running'"].List(JobTable.Rows.Read))
            {
                if (JobRules.Next(job, new Released(now, job.LeaseToken, job.WorkerId)) is not { Next: { } next }) continue;
                var update = new JobUpdate(job, next with { Version = job.Version + 1, LeaseToken = null }, now);
                var statement = sql[update.Sql];
                update.Bind(statement);
                statement.Run();
                update.Count(counts);
            }
            counts.Flush(sql);
            transaction.Commit();
        }
        connection.Execute("pragma wal_checkpoint(truncate)");
        return connection.Scalar<long>("select count(*) from token");
    }

    /// <summary>The log first: it must never lie beside a file that it isn't of.</summary>
    private static string? SetAside(string path)
    {
        if (!File.Exists(path) && !File.Exists(path + "-wal")) return null;
        var kept = path + ".before-restore";
        for (var n = 2; File.Exists(kept) || File.Exists(kept + "-wal"); n++) kept = string.Create(CultureInfo.InvariantCulture, $"{path}.before-restore.{n}");
        foreach (var ending in (string[])["-wal", "-shm", ""])
        {
            if (File.Exists(path + ending)) File.Move(path + ending, kept + ending);
        }
        return kept;
    }

    /// <summary>The copy that is being made, and what opening it left beside it.</summary>
    private static void DeleteAll(string path)
    {
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path) + "*")) File.Delete(file);
    }
}
