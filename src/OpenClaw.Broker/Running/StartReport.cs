using System.Net;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Says that the broker is up, over which file, and what is unwise about it.</summary>
internal sealed partial class StartReport(BrokerOptions options, Database database, Listeners listeners, IHostApplicationLifetime lifetime,
    ILogger<StartReport> log) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        lifetime.ApplicationStarted.Register(Announce);
        return Task.CompletedTask;
    }

    private void Announce()
    {
        foreach (var warning in options.Warnings()) LogWarning(warning);
        if (!options.BindPublic)
        {
            foreach (var address in listeners.Addresses.Where(static a => !Tailnet.IsPrivate(a.Address))) LogPublic(address);
        }
        if (database.Takeover is { } takeover)
        {
            LogTakenOver(takeover.Jobs, takeover.Quarantined.Count, takeover.Backup);
            foreach (var (rowId, reason) in takeover.Quarantined) LogQuarantined(rowId, reason);
            if (takeover.Kept.Count > 0) LogKept(string.Join(", ", takeover.Kept));
        }
        if (database.Upgrade is { } upgrade) LogUpgraded(upgrade.From, upgrade.To, upgrade.Backup);
        foreach (var address in listeners.Addresses) LogListening(address, database.Path);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on http://{Address}, database {Database}")]
    private partial void LogListening(IPEndPoint address, string database);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "http://{Address} is neither this machine alone nor a tailnet: anyone who reaches it may try tokens, and they travel unencrypted. "
        + "Bind the tailnet's address, or put a TLS proxy before it; BROKER_BIND_PUBLIC=1 ends this warning")]
    private partial void LogPublic(IPEndPoint address);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Took over a Python broker's database: {Jobs} jobs, {Quarantined} rows in quarantine; as it was it stays in {Backup}")]
    private partial void LogTakenOver(int jobs, int quarantined, string backup);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Row {RowId} of the Python broker's table went unchanged to seed_quarantine: {Reason}")]
    private partial void LogQuarantined(long rowId, string reason);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "The broker does not read these tables of the Python broker's database; they stay in it as they are: {Tables}")]
    private partial void LogKept(string tables);

    [LoggerMessage(Level = LogLevel.Information, Message = "Brought the database from version {From} to {To}; as it was it stays in {Backup}")]
    private partial void LogUpgraded(int from, int to, string backup);
}
