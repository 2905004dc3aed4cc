using System.Threading.Channels;
using OpenClaw.Client;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Outbox;
using OpenClaw.Runner.Work;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>The runner's work loop in this process, over real HTTP, with the test's own handlers and clock.</summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    public const string Token = "worker-token-canary";

    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource giveUp = new();
    private readonly HttpClient http = BrokerHttp.Create();
    private readonly TempFolder? ownFolder;
    private readonly WatchedLog log;
    private readonly Task work;

    /// <param name="brokenBy">A log line that holds this text throws: a fault in whoever writes it.</param>
    public RunningWorker(Uri broker, TimeProvider clock, IHandler handler, TempFolder? folder = null, int concurrency = 1, string? brokenBy = null)
    {
        log = new WatchedLog(brokenBy);
        Folder = folder ?? (ownFolder = new TempFolder());
        var settings = new RunnerSettings
        {
            Broker = broker,
            WorkerToken = Token,
            WorkerId = "worker-1",
            Caps = ["gpu", "cuda:12"],
            StateFolder = Folder.Path,
            Concurrency = concurrency,
            PollInterval = TimeSpan.FromSeconds(8),
            ResultTimeout = TimeSpan.FromSeconds(300),
        };
        var handlers = new Dictionary<string, IHandler> { ["test"] = handler };
        Served = new ServedCommands(handlers);
        var client = new BrokerClient(http, broker, settings.Credentials(handlers.Keys), clock);
        var runnerLog = new RunnerLog(log, clock);
        var worker = new Worker(client, settings, Served, new OutboxFolder(Folder.Path, runnerLog, clock), runnerLog, clock);
        work = worker.RunAsync(stop.Token, giveUp.Token);
    }

    public TempFolder Folder { get; }

    public ServedCommands Served { get; }

    public string Log => log.Text;

    /// <summary>Waits for a log line that holds the text.</summary>
    public Task LoggedAsync(string text) => log.LineAsync(text);

    public string[] Outbox => [.. Directory.GetFiles(Folder.File("outbox"), "*.json").Select(f => Path.GetFileName(f))];

    public string[] Orphans => [.. Directory.GetFiles(Folder.File("outbox/orphans")).Select(f => Path.GetFileName(f))];

    public void Stop() => stop.Cancel();

    public void GiveUp() => giveUp.Cancel();

    public Task EndedAsync() => work.WaitAsync(Broken.After);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await giveUp.CancelAsync();
        await EndedAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        http.Dispose();
        Served.Dispose();
        ownFolder?.Dispose();
        stop.Dispose();
        giveUp.Dispose();
    }
}

/// <summary>A log that a test can wait for, and break.</summary>
internal sealed class WatchedLog(string? brokenBy) : StringWriter
{
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly Lock gate = new();

    public string Text
    {
        get
        {
            lock (gate) return ToString();
        }
    }

    public override void WriteLine(string? value)
    {
        if (brokenBy is not null && value!.Contains(brokenBy, StringComparison.Ordinal)) throw new InvalidOperationException("a fault of the test's");
        lock (gate) base.WriteLine(value);
        lines.Writer.TryWrite(value!);
    }

    public async Task LineAsync(string text)
    {
        using var deadline = new CancellationTokenSource(Broken.After);
        while (!(await lines.Reader.ReadAsync(deadline.Token)).Contains(text, StringComparison.Ordinal))
        {
        }
    }
}

/// <summary>A handler that the test holds in its hands.</summary>
internal sealed class HeldHandler : IHandler
{
    private readonly Channel<string> started = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource<Outcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Started { get; private set; }

    /// <summary>Waits for the next job that it is given.</summary>
    public Task StartedAsync() => started.Reader.ReadAsync().AsTask().WaitAsync(Broken.After);

    public void Finish(Outcome how) => outcome.SetResult(how);

    public async Task<Outcome> RunAsync(JobContext job)
    {
        Started = true;
        started.Writer.TryWrite(job.Id);
        try
        {
            return await outcome.Task.WaitAsync(job.Stop);
        }
        catch (OperationCanceledException)
        {
            Cancelled.SetResult();
            throw;
        }
    }
}

/// <summary>A handler that finishes at once.</summary>
internal sealed class QuickHandler(Outcome outcome) : IHandler
{
    public Task<Outcome> RunAsync(JobContext job) => Task.FromResult(outcome);
}

/// <summary>A handler that throws.</summary>
internal sealed class ThrowingHandler(string message) : IHandler
{
    public Task<Outcome> RunAsync(JobContext job) => throw new InvalidOperationException(message);
}
