using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Keeping;

/// <summary>What a drill found in the restored file: how many jobs, and how many of each state.</summary>
internal sealed record DrillReport(long Jobs, string States);

/// <summary>Restores a backup into a folder of its own beside the broker's file, proves what came of it, and leaves nothing behind.</summary>
internal static class Drill
{
    /// <exception cref="DatabaseException">The backup can't be restored whole, or there is no place to try it.</exception>
    public static DrillReport Run(string database, string backup, long now)
    {
        if (Path.GetFullPath(backup) == Path.GetFullPath(database)) throw new DatabaseException($"{backup} is the broker's own file. Name a backup of it.");
        var folder = database + ".drill";
        using var held = Take(folder, database);
        try
        {
            return Prove(Path.Combine(folder, "broker.db"), backup, now);
        }
        catch (DatabaseException e) when (e.ExitCode == ExitCodes.Configuration)
        {
            throw new DatabaseException($"{backup} did not stand the drill. Make another with `clawctl backup`; of this one: {e.Message}", e);
        }
        catch (SqliteException e)
        {
            throw DatabaseException.From(e, backup);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Takes the folder, without what a drill has left there that was killed.</summary>
    private static IDisposable Take(string folder, string database)
    {
        try
        {
            PrivateFiles.CreateFolder(folder);
            FileOwner.Take(folder, from: Path.GetDirectoryName(Path.GetFullPath(database))!);
            var drill = Path.Combine(folder, "drill");
            var held = DatabaseFile.Hold(drill);
            foreach (var file in Directory.EnumerateFiles(folder).Where(f => !f.StartsWith(drill, StringComparison.Ordinal))) File.Delete(file);
            return held;
        }
        catch (DatabaseException e) when (e.ExitCode == ExitCodes.Temporary)
        {
            throw new DatabaseException($"Another drill runs in {folder}. Wait for its end.", e, ExitCodes.Temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException($"{folder} can't be written ({e.Message}), and the drill needs room there. Run it as root or as the broker's user.", e);
        }
    }

    private static DrillReport Prove(string path, string backup, long now)
    {
        Restoration.Run(path, backup, now); // proves the backup, copies it, and opens the copy as a start does
        using var restored = Backup.Open(path, SqliteOpenMode.ReadWrite);
        if (restored.Scalar<string>("pragma integrity_check(1)") is var verdict and not "ok")
        {
            throw new DatabaseException($"what was restored of it is damaged ({verdict?.ReplaceLineEndings(" ")}); use an older one");
        }
        using var source = Backup.Open(backup, SqliteOpenMode.ReadOnly);
        var (expected, found) = (States(source), States(restored));
        if (expected != found) throw new DatabaseException($"it should have become {expected}, and what was restored has {found}; use an older one");
        return new DrillReport(restored.Scalar<long>("select count(*) from job"), found);
    }

    /// <summary>How many jobs of each state a file has, or will have when it is restored: what ran waits again, or is cancelled as it was to be.</summary>
    private static string States(SqliteConnection connection)
    {
        const string Ours = "select case when state <> 'running' then state when cancel_requested then 'cancelled' else 'queued' end as state from job";
        const string Python = "select case status when 'running' then 'queued' else status end as state from jobs";
        var table = connection.Scalar<long>("pragma user_version") == 0 ? Python : Ours;
        var list = connection.Scalar<string>("select group_concat(n || ' ' || state, ', ') from "
            + $"(select state, count(*) as n from ({table}) group by 1 order by 1)");
        return list ?? "no jobs";
    }
}
