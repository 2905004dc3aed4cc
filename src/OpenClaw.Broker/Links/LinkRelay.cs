using System.Collections.Concurrent;
using System.Threading.Channels;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Links;

/// <summary>
/// Tells jobs of the ends that they wait for: of a parent, of a batch. The tables say what is still to be told, so that a start tells what a
/// kill left untold, and what the store refuses is told later. Telling twice changes nothing.
/// </summary>
internal sealed partial class LinkRelay(
    IStore store, IServiceProvider services, Clock clock, IHostApplicationLifetime lifetime, ILogger<LinkRelay> log)
    : BackgroundService, INewsSink
{
    private const int AtOnce = 8;
    private static readonly TimeSpan LongestHearing = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(5);

    private readonly Channel<(Guid? Job, Guid? Batch)> ended = Channel.CreateUnbounded<(Guid?, Guid?)>();

    /// <summary>Batches that stand in the channel: of a hundred ends at once the first asks for all.</summary>
    private readonly ConcurrentDictionary<Guid, bool> asked = new();

    /// <summary>Known late: jobs hear of each other through this.</summary>
    private readonly Lazy<JobCalls> calls = new(services.GetRequiredService<JobCalls>);

    private readonly Lock gate = new();
    private volatile bool hasEdges = true;
    private long children;

    /// <summary>A new child hears at once of parents that have ended already; of an end the children hear a moment later.</summary>
    public ValueTask Heard(JobNews news)
    {
        if (news is { IsChild: true, State: JobState.Held })
        {
            lock (gate) (hasEdges, children) = (true, children + 1);
            return new ValueTask(TellNewAsync(news.Id));
        }
        var isWaiting = news is { State: JobState.Held, Batch: not null }; // for a batch that may have ended by now
        if (news.IsFinal && hasEdges || isWaiting) ended.Writer.TryWrite((news.Id, null));
        if ((news.IsFinal || isWaiting) && news.Batch is { } batch && asked.TryAdd(batch, true)) ended.Writer.TryWrite((null, batch));
        return ValueTask.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await lifetime.StartedAsync(stoppingToken);
        await TryAsync(() => TellAllAsync(stoppingToken), stoppingToken);
        await TryAsync(LookForEdgesAsync, stoppingToken);
        await Parallel.ForEachAsync(ended.Reader.ReadAllAsync(stoppingToken), new ParallelOptions
        {
            MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken,
        }, async (end, stop) => await TryAsync(() => TellAsync(end.Job, end.Batch), stop));
    }

    /// <summary>Until it works: nothing that is to be told is given up.</summary>
    private async Task TryAsync(Func<Task> tell, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await tell();
                return;
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return; // the next start tells it
            }
            catch (Exception e)
            {
                LogPutOff(e, TellAgain);
                await Task.Delay(TellAgain, clock, stop);
            }
        }
    }

    /// <summary>While no job waits for another, an end costs no read.</summary>
    private async Task LookForEdgesAsync()
    {
        var before = Volatile.Read(ref children);
        if ((await store.ReadAsync(LinkTable.HasEdges)).Count > 0) return;
        lock (gate) if (before == children) hasEdges = false; // else one came meanwhile
    }

    private async Task TellNewAsync(Guid child)
    {
        try
        {
            await TellAsync(LinkTable.EndedFor(child)).WaitAsync(LongestHearing, clock);
        }
        catch (Exception e)
        {
            LogPutOff(e, TimeSpan.Zero);
            ended.Writer.TryWrite((child, null)); // its own turn comes again below
        }
    }

    /// <summary>What a kill left untold.</summary>
    private async Task TellAllAsync(CancellationToken stop)
    {
        var (parent, child) = (Guid.Empty, Guid.Empty);
        while (!stop.IsCancellationRequested && await TellAsync(LinkTable.AllEnded(parent, child)) is [.., var last])
        {
            (parent, child) = (last.Parent, last.Child);
        }
        foreach (var batch in await store.ReadAsync(LinkTable.EndedBatches, stop)) await EndAsync(batch);
    }

    private async Task TellAsync(Guid? job, Guid? batch)
    {
        if (job is { } id)
        {
            if ((await TellAsync(LinkTable.EndOf(id))).Count > 0) await LookForEdgesAsync();
            await TellAsync(LinkTable.EndedFor(id));
        }
        if (batch is not { } of) return;
        asked.TryRemove(of, out _); // who ends from here on asks again
        if (await store.ReadAsync(LinkTable.EndedBatch(of)) is [var found]) await EndAsync(found);
    }

    private async Task<List<EndedParent>> TellAsync(Query<EndedParent> news)
    {
        var due = await store.ReadAsync(news);
        foreach (var (child, parent, isOk) in due) await calls.Value.ApplyAsync(child, new ParentEnded(clock.Wall, parent, isOk));
        return due;
    }

    private async Task EndAsync(Batch batch)
    {
        if (await store.WriteAsync(new Commit([new BatchEnd(batch.Id, clock.Wall)], isEssential: true)) is not null) return;
        var isOk = (await store.ReadAsync(LinkTable.Failed(batch.Id))).Count == 0;
        if (batch.OnComplete is { } complete) await calls.Value.ApplyAsync(complete, new BatchEnded(clock.Wall, batch.Id, IsReleased: true));
        if (batch.OnSuccess is { } success) await calls.Value.ApplyAsync(success, new BatchEnded(clock.Wall, batch.Id, isOk));
        await store.WriteAsync(new Commit([new BatchTold(batch.Id)], isEssential: true));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A job could not be told of an end that it waits for; tried again in {After}")]
    private partial void LogPutOff(Exception e, TimeSpan after);
}
