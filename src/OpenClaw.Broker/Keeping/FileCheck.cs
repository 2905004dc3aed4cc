using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Keeping;

/// <summary>Checks in the background what the start left out of a large file.</summary>
internal sealed class FileCheck(Database database, FatalError fatal) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(Check, stoppingToken);

    private void Check()
    {
        try
        {
            database.CheckRest();
        }
        catch (DatabaseException e)
        {
            fatal.End(ExitCodes.Io, e.Message, e);
        }
    }
}
