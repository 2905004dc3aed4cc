using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Keeping;

/// <summary>
/// Sees that the file that is open is still the one at its path, since what is acknowledged into a deleted file is lost, and
/// notes once a second how far it has come.
/// </summary>
internal sealed partial class FileWatch(Database database, Writer writer, FatalError fatal, TimeProvider clock, ILogger<FileWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Ends the process where the file was deleted, moved or replaced.</summary>
    public void Check()
    {
        if (database.IsInPlace) return;
        fatal.End(ExitCodes.Io,
            $"{database.Path} is no longer the file that the broker has open: it was deleted, moved or replaced. The broker stops, since nobody would "
                + "find what it writes. "
            + "Put the file back with its -wal, or restore a backup, then start the broker again.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the host's start does not wait for the disk
        using var connection = database.Connect(readOnly: true);
        using var timer = new PeriodicTimer(Every, clock);
        long? noted = null;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Check();
            if (writer.LastSeq == noted) continue;
            try
            {
                noted = database.Remember(connection)?.LastSeq;
            }
            catch (Exception e) when (e is SqliteException or IOException)
            {
                LogNotNoted(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How far the database has come could not be noted beside it; tried again in a second")]
    private partial void LogNotNoted(Exception e);
}
