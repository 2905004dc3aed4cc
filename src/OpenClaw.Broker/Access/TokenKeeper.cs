using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Access;

/// <summary>Reads the tokens before anybody is answered, and notes every minute which were used.</summary>
internal sealed partial class TokenKeeper(Tokens tokens, Clock clock, ILogger<TokenKeeper> log) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    public Task StartingAsync(CancellationToken cancellationToken) => tokens.LoadAsync();

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await tokens.NoteUsesAsync();
            }
            catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
            {
                LogNotNoted(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "When tokens were last used could not be noted; tried again in a minute")]
    private partial void LogNotNoted(Exception e);
}
