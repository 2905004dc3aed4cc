using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>A copy of the file beside it, made before what can't be undone.</summary>
internal static class Backup
{
    /// <summary>What a copy leaves free: a full disk would stop the broker.</summary>
    private const long Spare = 32L << 20;

    /// <summary>Changes the file in one transaction, behind a backup of it as it was; that goes again where nothing was changed.</summary>
    /// <param name="ending">What the copy's name adds to the file's, such as <c>.v1-backup</c>; a number follows where that is taken.</param>
    /// <returns>The copy's path.</returns>
    /// <exception cref="DatabaseException">The file is damaged.</exception>
    /// <exception cref="SqliteException">It is in use, or the disk is full; nothing was changed.</exception>
    public static string Before(SqliteConnection connection, string path, string ending, Action change)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var backup = Make(path, ending);
        try
        {
            change();
        }
        catch
        {
            File.Delete(backup);
            throw;
        }
        transaction.Commit();
        return backup;
    }

    /// <summary>Copies what is committed, also while a broker writes, checks the copy and syncs it.</summary>
    /// <param name="target">Must not be there.</param>
    /// <returns>How many jobs the copy holds, in all and by what a person calls their state.</returns>
    /// <exception cref="DatabaseException">The file is damaged, or the copy's disk has no room for it.</exception>
    public static JobNumbers Copy(string path, string target)
    {
        var temporary = target + ".part";
        RefuseWithoutRoom(path, temporary);
        PrivateFiles.Write(temporary, []);
        try
        {
            JobNumbers numbers;
            using (var source = Open(path, SqliteOpenMode.ReadOnly))
            using (var copy = Open(temporary, SqliteOpenMode.ReadWrite))
            {
                source.BackupDatabase(copy);
                copy.Execute("pragma journal_mode = delete");
                numbers = Prove(copy, path);
            }
            FileOwner.Take(temporary, from: path);
            using (var file = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
            File.Move(temporary, target, overwrite: false);
            PrivateFiles.SyncFolder(Path.GetDirectoryName(target)!);
            return numbers;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Opens a copy as one would to restore it, checks every page and counts.</summary>
    /// <exception cref="DatabaseException">It is damaged, or no broker's.</exception>
    public static JobNumbers Prove(string path)
    {
        using var copy = Open(path, SqliteOpenMode.ReadOnly);
        return Prove(copy, path);
    }

    public static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static JobNumbers Prove(SqliteConnection copy, string path)
    {
        if (copy.Scalar<string>("pragma quick_check(1)") is var verdict and not "ok") throw new DatabaseException(DatabaseException.Damaged(path,
            verdict?.ReplaceLineEndings(" ") ?? "unreadable"));
        var isPython = copy.Scalar<long>("pragma user_version") == 0;
        if (isPython && !PythonTakeover.Applies(copy)) throw new DatabaseException($"{path} is no broker's database: it has none of its tables. Name a "
            + "file that a backup made.");
        var table = isPython ? "jobs" : "job";
        long Count(string where) => copy.Scalar<long>($"select count(*) from {table} where {where}");
        return isPython
            ? new JobNumbers(Count("status not in ('running', 'done', 'failed')"), Count("status = 'running'"), Count("status in ('done', 'failed')"))
            : new JobNumbers(Count("finished_at is null and state <> 'running'"), Count("state = 'running'"), Count("finished_at is not null"));
    }

    private static string Make(string path, string ending)
    {
        var target = path + ending;
        for (var n = 2; File.Exists(target); n++) target = string.Create(CultureInfo.InvariantCulture, $"{path}{ending}.{n}");
        Copy(path, target);
        return target;
    }

    private static void RefuseWithoutRoom(string path, string target)
    {
        var needed = new FileInfo(path).Length + Spare;
        var free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(target))!).AvailableFreeSpace;
        if (free < needed) throw new DatabaseException(string.Create(CultureInfo.InvariantCulture,
            $"There are {free >> 20} MiB free for {target}, and a copy of {path} needs {needed >> 20}. Free some space, or name another folder."),
            null, ExitCodes.Io);
    }
}

/// <summary>How many jobs a file holds.</summary>
internal sealed record JobNumbers(long Waiting, long Running, long Ended)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Waiting + Running + Ended} jobs ({Waiting} waiting, {Running} running, {Ended} ended)");
}
