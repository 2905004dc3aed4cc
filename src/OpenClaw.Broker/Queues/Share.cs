using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>A queue's jobs of one command, or of one requester, or all of them: how many of them have a worker, and their limit.</summary>
internal sealed class Share(LimitBy by, string? name)
{
    private readonly QueueGate gate = new();

    public LimitBy By { get; } = by;

    public string? Name { get; } = name;

    /// <summary>How often its turn has come, on the queue's own count.</summary>
    public long Tag { get; set; }

    public int SetAside { get; private set; }

    public int Leased { get; private set; }

    public QueueLimit? Limit => gate.Limit;

    public SteadyTime? OpensAt => gate.OpensAt;

    /// <summary>Whether it was found closed and its jobs were passed over since.</summary>
    public bool IsPassedOver { get; set; }

    /// <summary>What has to be offered again when it opens: the lanes of a command.</summary>
    public HashSet<LaneIndex> Lanes { get; } = [];

    /// <summary>The flows of a requester.</summary>
    public HashSet<FlowIndex> Flows { get; } = [];

    public bool IsIdle => SetAside + Leased + Lanes.Count + Flows.Count == 0;

    /// <summary>Whether its limit still counts starts of before.</summary>
    public bool HasStarts(SteadyTime now) => gate.HasStarts(now);

    public bool IsClosed(SteadyTime now) => gate.Limit is not null && gate.IsClosed(Leased + SetAside, SetAside, now);

    public void Take(QueueLimit? limit) => gate.Take(limit);

    public void Start(SteadyTime at) => gate.Start(at);

    public void Move(Place from, Place to)
    {
        SetAside += (to == Place.SetAside ? 1 : 0) - (from == Place.SetAside ? 1 : 0);
        Leased += (to == Place.Leased ? 1 : 0) - (from == Place.Leased ? 1 : 0);
    }
}

/// <summary>
/// Who has how much of a queue. A limit closes the whole queue, a lane or a flow, so no single job is ever passed over; and the
/// requester whose turn has come less often is first.
/// </summary>
internal sealed class QueueShares
{
    private readonly Dictionary<string, Share> commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Share> requesters = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Share, SteadyTime> openings = new();
    private readonly List<Share> freed = [];
    private long turns;

    public Share Queue { get; } = new(LimitBy.Queue, null);

    public IReadOnlyList<QueueLimit> Limits { get; private set; } = [];

    /// <summary>When the rate of the next share lets another job start; null where none is waited for.</summary>
    public SteadyTime? NextOpening => openings.TryPeek(out _, out var at) ? at : null;

    public Share Command(string name) => Of(commands, LimitBy.Command, name);

    public Share Requester(string? name) => Of(requesters, LimitBy.Requester, name);

    /// <summary>Other limits count from now on.</summary>
    /// <returns>All shares, to be offered again.</returns>
    public IReadOnlyList<Share> Take(IReadOnlyList<QueueLimit> limits)
    {
        Limits = limits;
        openings.Clear();
        freed.Clear();
        List<Share> all = [Queue, .. commands.Values, .. requesters.Values];
        foreach (var share in all)
        {
            share.Take(LimitOf(share.By, share.Name));
            share.IsPassedOver = false;
        }
        return all;
    }

    /// <summary>Whether no other job of the share may start now; then its jobs are passed over until <see cref="TakeOpened"/> names it.</summary>
    public bool IsClosed(Share share, SteadyTime now)
    {
        if (share.Limit is null || !share.IsClosed(now)) return false;
        if (!share.IsPassedOver && share.OpensAt is { } at) openings.Enqueue(share, at);
        share.IsPassedOver = true;
        return true;
    }

    /// <summary>A job has another place.</summary>
    public void Move(Entry entry, Place to)
    {
        Move(Queue, entry.Place, to);
        Move(entry.Command, entry.Place, to);
        Move(entry.Requester, entry.Place, to);
    }

    /// <summary>How often a requester's turn has come; who was not there meanwhile has no turns to make up for.</summary>
    public long TagOf(Share requester) => Math.Max(turns, requester.Tag);

    /// <summary>A requester's turn has come.</summary>
    public void Charge(Share requester)
    {
        turns = TagOf(requester);
        requester.Tag = turns + 1;
    }

    /// <summary>A job of a flow has started.</summary>
    public void Start(Flow flow, SteadyTime at)
    {
        if (Limits.Count == 0) return;
        Queue.Start(at);
        Command(flow.Lane.Command).Start(at);
        Requester(flow.Requester).Start(at);
    }

    /// <summary>Shares that were passed over and are open again.</summary>
    public List<Share> TakeOpened(SteadyTime now)
    {
        while (openings.TryPeek(out var due, out var at) && at <= now)
        {
            openings.Dequeue();
            freed.Add(due);
        }
        if (freed.Count == 0) return [];
        var opened = new List<Share>();
        foreach (var share in freed)
        {
            if (!share.IsPassedOver) continue;
            share.IsPassedOver = false;
            if (!IsClosed(share, now)) opened.Add(share);
        }
        freed.Clear();
        return opened;
    }

    /// <summary>What is closed now.</summary>
    public IEnumerable<Share> Closed(SteadyTime now) =>
        Limits.Count == 0 ? [] : new[] { Queue }.Concat(commands.Values).Concat(requesters.Values).Where(s => s.IsClosed(now));

    /// <summary>Forgets those that have nothing and had no more turns than others.</summary>
    public void DropIdle(SteadyTime now)
    {
        Drop(commands, now);
        Drop(requesters, now);
    }

    private void Drop(Dictionary<string, Share> shares, SteadyTime now)
    {
        foreach (var (name, share) in shares) if (share.IsIdle && share.Tag <= turns && !share.HasStarts(now)) shares.Remove(name);
    }

    private void Move(Share share, Place from, Place to)
    {
        share.Move(from, to);
        if (share.IsPassedOver && from is (Place.SetAside or Place.Leased)) freed.Add(share);
    }

    private Share Of(Dictionary<string, Share> shares, LimitBy by, string? name)
    {
        if (shares.TryGetValue(name ?? "", out var share)) return share;
        share = new Share(by, name);
        share.Take(LimitOf(by, name));
        return shares[name ?? ""] = share;
    }

    /// <summary>What names it goes before what counts for each; for nobody only what counts for all.</summary>
    private QueueLimit? LimitOf(LimitBy by, string? name)
    {
        QueueLimit? found = null;
        foreach (var limit in Limits)
        {
            if (limit.By != by) continue;
            if (by == LimitBy.Queue || name is not null && limit.Value == name) return limit;
            if (limit.Value is null && name is not null) found = limit;
        }
        return found;
    }
}
