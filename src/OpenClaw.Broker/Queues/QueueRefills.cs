using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>Reads from the table what the window lacks, beside the queue's other work.</summary>
/// <param name="settle">What the queue does after a change.</param>
internal sealed partial class QueueRefills(
    string queue, QueueIndex index, IJobStore store, ClaimWaiters waiters, Clock clock, Action settle, ILogger log)
{
    /// <summary>How many starts a limit may count.</summary>
    public const int MostStarts = 100_000;

    private const string StartsSql =
        "select started_at, cast(command as text), requester from job where queue = ?1 and started_at > ?2 order by started_at desc limit ?3";

    private const int MostAtOnce = 8;
    private const int RetryMs = 1000;

    private int underWay;

    /// <summary>Begins with what runs dry.</summary>
    public void Start(SteadyTime now)
    {
        while (underWay < MostAtOnce && index.Window.FlowToRefill(now) is { } flow) _ = RefillAsync(flow);
    }

    /// <summary>Begins with what had no room, for a worker who found nothing.</summary>
    public void StartFlows(WorkerClass worker)
    {
        if (index.Window.NeedsFlows(worker, out var after)) _ = ReadFlowsAsync(worker, after);
    }

    /// <summary>Once few flows are left, all there are may have room.</summary>
    public async Task ReadLeftOutAsync()
    {
        if (!index.Window.HasLeftOut || index.Window.FlowCount > QueueWindow.MostFlows / 2) return;
        var readAt = index.Window.LeftOut;
        index.BeginRead();
        try
        {
            var page = await store.ReadFlowsAsync(queue, static _ => true, null, QueueWindow.MostFlows / 2, QueueWindow.FlowMinimum);
            if (page.Next is not null) index.EndRead();
            else if (index.EndAll(page, readAt)) WakeAll();
        }
        catch (Exception e)
        {
            index.EndRead();
            LogRefill(e, queue);
        }
    }

    /// <summary>Tells the limits what has started within a time, in milliseconds.</summary>
    public async Task ReadStartsAsync(IStore rows, long within)
    {
        var now = clock.Wall;
        var started = await rows.ReadAsync(new Query<(long At, Flow Flow)>(StartsSql,
            static row => (row.Number(0)!.Value, new Flow(new Lane(Caps.Any, row.Text(1)!), row.Text(2))), queue, now - within, MostStarts));
        foreach (var (at, flow) in started.OrderBy(static s => s.At)) index.Shares.Start(flow, clock.SteadyNow - Math.Max(0, now - at));
    }

    private async Task RefillAsync(FlowIndex flow)
    {
        underWay++;
        index.BeginRefill(flow);
        var limit = index.Window.FlowQuota + flow.Known;
        try
        {
            await Task.Yield();
            var rows = await store.ReadReadyAsync(queue, flow.Key, limit);
            if (index.EndRefill(flow, rows, complete: rows.Count < limit)) waiters.WakeAll(queue, flow.Lane.Key);
        }
        catch (Exception e)
        {
            index.AbandonRefill(flow, clock.SteadyNow + RetryMs);
            LogRefill(e, queue);
        }
        underWay--;
        settle();
    }

    /// <summary>Reads flows that the window has no room for, until a worker who found nothing has something.</summary>
    private async Task ReadFlowsAsync(WorkerClass worker, Flow? after)
    {
        var found = false;
        Flow? next = null;
        do
        {
            index.BeginRead();
            try
            {
                await Task.Yield();
                var page = await store.ReadFlowsAsync(queue, worker.Takes, after, QueueWindow.FlowsRead, QueueWindow.FlowMinimum);
                next = page.Next;
                found = index.EndFlows(worker, page);
            }
            catch (Exception e)
            {
                index.EndRead();
                index.Window.AbandonFlows(worker);
                LogRefill(e, queue);
                break;
            }
        }
        while (!found && next is not null && index.Window.NeedsFlows(worker, out after));
        if (found) WakeAll();
        settle();
    }

    private void WakeAll()
    {
        foreach (var lane in index.Window.ReadyLanes) waiters.WakeAll(queue, lane);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} could not read more jobs; tried again in a second")]
    private partial void LogRefill(Exception e, string queue);
}
