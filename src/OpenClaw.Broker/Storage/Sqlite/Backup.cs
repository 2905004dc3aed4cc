using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>A copy of the file beside it, made before what can't be undone.</summary>
internal static class Backup
{
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

    /// <summary>Copies what is committed, checks the copy and syncs it; never over an older one.</summary>
    private static string Make(string path, string ending)
    {
        var target = path + ending;
        for (var n = 2; File.Exists(target); n++) target = string.Create(CultureInfo.InvariantCulture, $"{path}{ending}.{n}");
        var temporary = target + ".part";
        PrivateFiles.Write(temporary, []);
        using (var source = Open(path, SqliteOpenMode.ReadOnly))
        using (var copy = Open(temporary, SqliteOpenMode.ReadWrite))
        {
            source.BackupDatabase(copy);
            copy.Execute("pragma journal_mode = delete");
            if (copy.Scalar<string>("pragma quick_check(1)") is var verdict and not "ok") throw new DatabaseException(DatabaseException.Damaged(path,
                verdict ?? "unreadable"));
        }
        using (var file = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
        File.Move(temporary, target, overwrite: false);
        PrivateFiles.SyncFolder(Path.GetDirectoryName(target)!);
        return target;
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
