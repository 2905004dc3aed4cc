using System.Threading.Channels;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Hooks;

/// <summary>
/// Makes a job of the queue <c>_hooks</c> of each news that are to be told elsewhere: they are tried again, expire and are found as all jobs.
/// The table says what has no job yet, and forgets it in the commit that makes one.
/// </summary>
internal sealed partial class HookRelay(
    IStore store, IServiceProvider services, Clock clock, IHostApplicationLifetime lifetime, ILogger<HookRelay> log) : BackgroundService, INewsSink
{
    public const string Command = "webhook";

    /// <summary>How long news wait for a delivery that nobody makes.</summary>
    private const long ExpiresInMs = 3L * 24 * 3600 * 1000;

    /// <summary>How long an attempt may take.</summary>
    private const long TimeoutMs = 60_000;

    /// <summary>Up to 20 hours with the pauses below, about half of that by their jitter.</summary>
    private const int MaxAttempts = 10;

    private static readonly Backoff Pauses = new(5, 6 * 3600, 4);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Known late: jobs hear of each other through this.</summary>
    private readonly Lazy<JobCalls> calls = new(services.GetRequiredService<JobCalls>);

    public ValueTask Heard(JobNews news)
    {
        if (news.HasWebhook && (news.IsFinal || news.State == JobState.Held)) this.news.Writer.TryWrite(true);
        return ValueTask.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await lifetime.StartedAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await store.ReadAsync(HookTable.Waiting, stoppingToken) is { Count: > 0 } waiting)
                {
                    foreach (var some in waiting) await MakeJobAsync(some);
                }
                await NewsAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return; // the next start makes them
            }
            catch (Exception e)
            {
                LogPutOff(e, TryAgain);
                await Task.Delay(TryAgain, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Until somebody hears of something that is to be told; what nobody heard of is looked for now and then.</summary>
    private async Task NewsAsync(CancellationToken stop)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var timer = clock.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), waiting, LookAgain, Timeout.InfiniteTimeSpan);
        try
        {
            await news.Reader.ReadAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
        }
    }

    private Task<Created> MakeJobAsync(HookEvent told) => calls.Value.CreateAsync(
        new NewJob(QueueNames.Hooks, Command, told.Body, null, Caps.Any, null, new Maker(null, QueueNames.Hooks, null), clock.Wall, null)
        {
            Id = told.Id,
            Webhook = new Webhook(told.Url, []),
            Tags = [told.Job.ToString()],
            MaxAttempts = MaxAttempts,
            Backoff = Pauses,
            TimeoutMs = TimeoutMs,
            ExpiresInMs = ExpiresInMs,
            Also = [new HookEventDelete(told.Id)],
        });

    [LoggerMessage(Level = LogLevel.Warning, Message = "News of a job could not be handed to who delivers them; tried again in {After}")]
    private partial void LogPutOff(Exception e, TimeSpan after);
}
