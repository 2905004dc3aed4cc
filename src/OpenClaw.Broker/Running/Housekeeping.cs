using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Says that the broker is up, checks in the background what the start left out, and drops old idempotency keys.</summary>
internal sealed partial class Housekeeping(
    Database database, IJobStore store, Clock clock, BrokerOptions options, IServer server, IHostApplicationLifetime lifetime, FatalError fatal,
    ILogger<Housekeeping> log)
    : BackgroundService
{
    private static readonly TimeSpan KeyAge = TimeSpan.FromHours(25);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var started = lifetime.ApplicationStarted.Register(Announce);
        await Task.Run(CheckRest, stoppingToken);
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await PurgeKeysAsync(stoppingToken);
    }

    private void Announce()
    {
        foreach (var warning in options.Warnings()) LogWarning(warning);
        if (database.Takeover is { } takeover)
        {
            LogTakenOver(takeover.Jobs, takeover.Quarantined.Count, takeover.Backup);
            foreach (var (rowId, reason) in takeover.Quarantined) LogQuarantined(rowId, reason);
            if (takeover.Kept.Count > 0) LogKept(string.Join(", ", takeover.Kept));
        }
        if (database.Upgrade is { } upgrade) LogUpgraded(upgrade.From, upgrade.To, upgrade.Backup);
        foreach (var address in server.Features.Get<IServerAddressesFeature>()!.Addresses) LogListening(address, database.Path);
    }

    private void CheckRest()
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

    private async Task PurgeKeysAsync(CancellationToken stop)
    {
        try
        {
            var before = clock.SteadyNow - (long)KeyAge.TotalMilliseconds;
            while (await store.PurgeKeysAsync(before) > 0 && !stop.IsCancellationRequested)
            {
            }
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
        {
            LogNotPurged(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on {Address}, database {Database}")]
    private partial void LogListening(string address, string database);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(Level = LogLevel.Information, Message = "Took over a Python broker's database: {Jobs} jobs, {Quarantined} rows in quarantine; as it was it stays in {Backup}")]
    private partial void LogTakenOver(int jobs, int quarantined, string backup);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Row {RowId} of the Python broker's table went unchanged to seed_quarantine: {Reason}")]
    private partial void LogQuarantined(long rowId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker does not read these tables of the Python broker's database; they stay in it as they are: {Tables}")]
    private partial void LogKept(string tables);

    [LoggerMessage(Level = LogLevel.Information, Message = "Brought the database from version {From} to {To}; as it was it stays in {Backup}")]
    private partial void LogUpgraded(int from, int to, string backup);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old idempotency keys could not be dropped; tried again in ten minutes")]
    private partial void LogNotPurged(Exception e);
}
