using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Access;

/// <summary>Reads the tokens before anybody is answered, and notes every minute which were used.</summary>
internal sealed class TokenKeeper(Tokens tokens, Clock clock, ILogger<TokenKeeper> log)
    : Chore(TimeSpan.FromMinutes(1), "it is noted when tokens were last used", clock, log), IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => tokens.LoadAsync();

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task DoAsync(CancellationToken stop) => tokens.NoteUsesAsync();
}
