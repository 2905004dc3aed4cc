using Microsoft.Data.Sqlite;
using OpenClaw.Programs;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>The broker can't use its database.</summary>
internal sealed class DatabaseException(string message, Exception? inner = null, int exitCode = ExitCodes.Configuration)
    : StartException(message, inner, exitCode)
{
    /// <summary>What an error of SQLite at start means to a person.</summary>
    public static DatabaseException From(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLITE_CORRUPT or SQLITE_NOTADB => new(Damaged(path, e.Message), e),
        SQLITE_BUSY or SQLITE_LOCKED => new(
            $"The database {path} is in use by another program ({e.Message}). Stop that program (a Python broker, a sqlite3 shell), then start the "
                + "broker again.", e, ExitCodes.Temporary),
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_PERM => new(NotWritable(path, e.Message), e),
        SQLITE_FULL => new($"The disk of {path} is full. Free some space, then start the broker again; nothing was changed.", e, ExitCodes.Io),
        SQLITE_IOERR => new($"The disk of {path} failed ({e.Message}). Check it (dmesg, smartctl), then start the broker again; nothing was changed.",
            e, ExitCodes.Io),
        _ => new($"The database {path} can't be opened ({e.Message}). Check the disk and the file, then start the broker again; nothing was changed.", e),
    };

    public static string NotWritable(string path, string why) =>
        $"The database {path} can't be written ({why}). Give the broker's user write access to the file and its folder, or point BROKER_DB elsewhere.";

    public static string Damaged(string path, string why) =>
        $"The database {path} is damaged ({why}). It was left as it is. Restore a backup with: clawctl restore BACKUP (what is there is kept beside it) "
        + $"- or save what can be read with: sqlite3 {path} .recover | sqlite3 {path}.saved";
}
