using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>
/// The queue of a simulated broker: the real index, loaded, told, refilled and compared as <see cref="QueueGrain"/> does it. Between the
/// beginning of a read and its end other things happen, and news may come late, in another order or not at all.
/// </summary>
internal sealed class SimulatedQueue(SimulatedBroker broker, World world)
{
    private const string StartsSql =
        "select started_at, cast(command as text), requester from job where queue = ?1 and started_at > ?2 order by started_at desc limit ?3";

    private readonly QueueIndex index = new(broker.Settings.Window, broker.Settings.Flows);

    // By job: until when it is set aside for who was offered it, as long as the queue has not heard that it runs.
    private readonly Dictionary<Guid, SteadyTime> offered = [];
    private long? firstAskedAt;
    private long heardAt;

    public SteadyTime? Next => index.NextDeadline is { } deadline && !(index.Shares.NextOpening < deadline) ? deadline : index.Shares.NextOpening;

    /// <summary>When this broker was first asked for a job.</summary>
    public long FirstAskedAt { get => firstAskedAt ??= world.Now; }

    private string Name => broker.Settings.Queue;

    private SteadyTime Now => broker.Clock.SteadyNow;

    public async Task LoadAsync()
    {
        index.Shares.Take(broker.Settings.Limits);
        var snapshot = await broker.Store.ReadQueueAsync(Name, broker.Settings.Window, QueueWindow.FlowMinimum, broker.Settings.Flows);
        foreach (var (key, rows, complete) in snapshot.Ready.Flows)
        {
            var flow = index.Window.FlowOf(key)!;
            index.BeginRefill(flow);
            index.EndRefill(flow, rows, complete);
        }
        if (snapshot.Ready.Next is not null) index.Window.LackSome();
        await LoadStartsAsync();
        foreach (var job in snapshot.Running) index.ObserveRow(JobNews.Of(job, Now, broker.Options.LeaseMs), Now);
        Settle();
    }

    /// <summary>Whether a job may run beyond a limit: it was offered, and the queue took it back before it heard that it runs.</summary>
    public bool IsUnheard(Guid job) => offered.TryGetValue(job, out var until) && until <= Now;

    public long? OfferedAt(Guid job) => offered.TryGetValue(job, out var until) ? world.Now + (until - Now) - QueueGrain.SetAsideMs : null;

    /// <summary>News set out for the queue.</summary>
    public void Hear(JobNews news)
    {
        if (!world.KeepsNews && world.Fault(0.04))
        {
            world.Note($"news of {Judge.Name(news.Id)} version {news.Version} are lost");
            return;
        }
        var late = !world.KeepsNews && world.Fault(0.04) ? 15_000 : world.Fault(0.2) ? 400 : 5;
        heardAt = Math.Max(world.KeepsNews ? heardAt : 0, world.Now + world.Dice.Next(late));
        broker.After(heardAt - world.Now, $"the queue hears of {Judge.Name(news.Id)} version {news.Version}, {news.State}", () =>
        {
            Hear(news, index.Observe, Now - news.At);
            Settle();
            return Task.CompletedTask;
        });
    }

    /// <summary>The job that a worker may claim.</summary>
    public Guid? Ask(WorkerClass worker)
    {
        if (index.SetAside(worker, Now, broker.Clock.Wall, Now + QueueGrain.SetAsideMs) is { } job)
        {
            offered[job] = Now + QueueGrain.SetAsideMs;
            Settle();
            return job;
        }
        ReadFlows(worker);
        Settle();
        return null;
    }

    public void Return(Guid job, bool isGone)
    {
        offered.Remove(job);
        if (isGone) index.Forget(job);
        else index.Return(job);
        Settle();
    }

    public async Task LimitAsync(QueueLimit[] limits)
    {
        broker.Settings.Limits = limits;
        var shares = index.Shares.Take(limits);
        await LoadStartsAsync();
        foreach (var share in shares) index.Window.Reopen(share, Now);
        Settle();
    }

    public void EndOverdue()
    {
        foreach (var entry in index.TakeOverdue(Now, out _))
        {
            broker.After(world.Dice.Next(world.Fault(0.1) ? 2000 : 5), $"the queue ends the lease of {Judge.Name(entry.Id)}", () => EndLeaseAsync(entry));
        }
        Settle();
    }

    public async Task LookAsync()
    {
        index.BeginRead();
        var rows = (await broker.Store.ReadHeadsAsync(1000)).Where(j => j.Queue == Name).Select(j => JobNews.Of(j, Now, broker.Options.LeaseMs)).ToList();
        broker.After(ReadTime(), "the queue has been compared", () =>
        {
            foreach (var row in rows) Hear(row, (news, now, _) => index.ObserveRow(news, now), 0);
            index.EndRead();
            index.Window.DropEmpty(Now);
            Settle();
            return Task.CompletedTask;
        });
        if (!index.Window.HasLeftOut || index.Window.FlowCount > broker.Settings.Flows / 2) return;
        var readAt = index.Window.LeftOut;
        index.BeginRead();
        var page = await broker.Store.ReadFlowsAsync(Name, static _ => true, null, broker.Settings.Flows / 2, QueueWindow.FlowMinimum);
        broker.After(ReadTime(), "the queue has read what was left out", () =>
        {
            if (page.Next is not null) index.EndRead();
            else index.EndAll(page, readAt);
            Settle();
            return Task.CompletedTask;
        });
    }

    private void Hear(JobNews news, Func<JobNews, SteadyTime, long, bool> observe, long waitedMs)
    {
        if (news.State == JobState.Running) offered.Remove(news.Id);
        observe(news, Now, waitedMs);
    }

    private async Task LoadStartsAsync()
    {
        var per = broker.Settings.Limits.Max(static l => (long?)l.PerMs) ?? 0;
        if (per == 0) return;
        var wall = broker.Clock.Wall;
        var started = await broker.Rows.ReadAsync(new Query<(long At, Flow Flow)>(StartsSql,
            static row => (row.Number(0)!.Value, new Flow(new Lane(Caps.Any, row.Text(1)!), row.Text(2))), Name, wall - per, QueueRefills.MostStarts));
        foreach (var (at, flow) in started.OrderBy(static s => s.At)) index.Shares.Start(flow, Now - Math.Max(0, wall - at));
    }

    private void Settle()
    {
        foreach (var share in index.Shares.TakeOpened(Now)) index.Window.Reopen(share, Now);
        while (index.Window.FlowToRefill(Now) is { } flow) Refill(flow);
    }

    private void Refill(FlowIndex flow)
    {
        index.BeginRefill(flow);
        var limit = index.Window.FlowQuota + flow.Known;
        broker.After(world.Dice.Next(5), $"the queue reads more of {flow.Key.Lane.Command} {flow.Key.Requester}", async () =>
        {
            var rows = await broker.Store.ReadReadyAsync(Name, flow.Key, limit);
            broker.After(ReadTime(), $"the queue has read {rows.Count} jobs", () =>
            {
                index.EndRefill(flow, rows, complete: rows.Count < limit);
                Settle();
                return Task.CompletedTask;
            });
        });
    }

    private void ReadFlows(WorkerClass worker)
    {
        if (!index.Window.NeedsFlows(worker, out var after)) return;
        index.BeginRead();
        broker.After(world.Dice.Next(5), "the queue reads flows that it had no room for", async () =>
        {
            var page = await broker.Store.ReadFlowsAsync(Name, worker.Takes, after, Math.Max(1, broker.Settings.Flows / 2), QueueWindow.FlowMinimum);
            broker.After(ReadTime(), $"the queue has read {page.Flows.Count} flows", () =>
            {
                if (!index.EndFlows(worker, page) && page.Next is not null) ReadFlows(worker);
                Settle();
                return Task.CompletedTask;
            });
        });
    }

    private async Task EndLeaseAsync(Entry entry)
    {
        if (!index.IsCurrent(entry)) return;
        try
        {
            if (await broker.Calls.ApplyAsync(entry.Id, new LeaseEnded(broker.Calls.Now, entry.Version)) is null) index.Forget(entry.Id);
        }
        catch (StorageBusyException)
        {
            world.Note("it could not be written");
        }
        index.Postpone(entry, Now + 1000);
    }

    private int ReadTime() => world.Dice.Next(world.Fault(0.1) ? 3000 : 5);
}
