using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Writes a file anew without its free pages, while no broker runs on it; from then on it can give pages back bit by bit.</summary>
internal static class Compaction
{
    /// <returns>The file's bytes before and after.</returns>
    /// <exception cref="DatabaseException">The file can't be used, or there is no room for its copy.</exception>
    public static (long Before, long After) Run(string path)
    {
        if (!File.Exists(path)) throw new DatabaseException($"There is no database {path} to compact. Set BROKER_DB to the broker's file.");
        using var database = Database.Open(path);
        try
        {
            var before = new FileInfo(path).Length;
            // The copy is as large as the file: in a temporary file (SQLITE_TMPDIR, else /var/tmp), not in memory.
            using (var connection = database.Connect()) connection.Execute("pragma temp_store = file; pragma auto_vacuum = incremental; vacuum; "
                + "pragma wal_checkpoint(truncate)");
            return (before, new FileInfo(path).Length);
        }
        catch (SqliteException e)
        {
            throw DatabaseException.From(e, path);
        }
    }
}
