using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Folds the write-ahead log into the file and cuts it off.</summary>
/// <param name="connection">The one that writes.</param>
/// <param name="gate">Held during each of its transactions.</param>
internal sealed partial class LogFolding(SqliteConnection connection, SemaphoreSlim gate, ILogger log)
{
    private const string Fold = "pragma wal_checkpoint(truncate)";

    /// <summary>Pages of before still hold what was deleted since.</summary>
    /// <returns>False where somebody still reads them.</returns>
    public async Task<bool> FoldAsync()
    {
        await gate.WaitAsync();
        try
        {
            // Busy readers are not waited for within the gate.
            connection.Execute("pragma busy_timeout = 0");
            return connection.Scalar<long>(Fold) == 0;
        }
        catch (SqliteException e)
        {
            LogNotFolded(e);
            return false;
        }
        finally
        {
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {Database.BusyTimeoutMs}"));
            gate.Release();
        }
    }

    /// <summary>A clean stop leaves one file: whoever copies it has all of it.</summary>
    public void FoldAtTheEnd()
    {
        try
        {
            connection.Execute(Fold);
        }
        catch (SqliteException e)
        {
            LogNotFolded(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The write-ahead log could not be folded into the database; keep the -wal file with it")]
    private partial void LogNotFolded(Exception e);
}
