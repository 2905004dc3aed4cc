using System.Text;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>
/// Holds what clients were told and what the table shows against the broker's promises, after every event. It knows nothing of
/// <see cref="JobRules"/>: it sees a row before and after, and what was asked.
/// </summary>
internal sealed class Judge(World world, SimulatedStore store, Settings settings)
{
    private const long LeaseMs = SimulatedBroker.LeaseSeconds * 1000;

    /// <summary>The news of a row may be lost; the comparison finds it, and gives it a whole lease.</summary>
    private const long LongestUnseen = LeaseMs + 30_000 + 10_000;

    /// <summary>So long after its moment a write of it may be put off.</summary>
    private const long LongestDue = 5000;

    private readonly long first = store.LastSeq;
    private readonly SortedDictionary<long, Job> rows = [];
    private readonly Dictionary<Guid, long> seqs = [];
    private readonly StartRules starts = new(world, settings);
    private readonly HashSet<string> tokens = [];
    private readonly HashSet<string> created = [];
    private readonly Dictionary<string, Guid> keys = [];
    private readonly Dictionary<Guid, byte[]> results = [];

    // When a lease was last begun or renewed, and when a row was last written.
    private readonly Dictionary<Guid, long> renewed = [];
    private readonly Dictionary<Guid, long> written = [];

    // Until when, on the clock that never jumps, time alone will have changed a job.
    private readonly Dictionary<Guid, long> waits = [];
    private long startedAt;

    /// <summary>The jobs there are, in order of acceptance.</summary>
    public IReadOnlyList<Guid> Known => [.. rows.Values.Select(static j => j.Id)];

    public int Unfinished => rows.Values.Count(static j => !j.IsFinal);

    public IEnumerable<Guid> HeldByPerson => [.. rows.Values.Where(static j => j.Holds.Any(static h => h.Kind == HoldKinds.Person)).Select(static j => j.Id)];

    /// <summary>How histories name a job.</summary>
    public static string Name(Guid id) => $"job {id.ToString()[..4]}";

    /// <summary>A broker has started: it gives every running job a whole lease.</summary>
    public void Started(SimulatedBroker broker)
    {
        startedAt = world.Now;
        starts.Begin(broker);
    }

    /// <summary>What was counted on the steady clock is counted by dates from the next start on.</summary>
    public void Crashed() => waits.Clear();

    /// <summary>The queue gets other limits.</summary>
    public void Limited() => starts.Limited();

    /// <summary>The wall clock was set.</summary>
    public void Jumped() => starts.Jumped();

    /// <summary>A client was told that its job is there.</summary>
    public void Acknowledge(Guid job, string? key)
    {
        Expect(seqs.ContainsKey(job), $"the create that was acknowledged with {Name(job)} is in the table");
        if (key is null) return;
        Expect(keys.GetValueOrDefault(key, job) == job, $"the key {key} is one job, not both {Name(keys.GetValueOrDefault(key))} and {Name(job)}");
        keys[key] = job;
    }

    /// <summary>Looks at what has changed in the table.</summary>
    /// <param name="id">The job to which something happened.</param>
    /// <param name="reply">Null where it was not answered.</param>
    public void Look(Guid? id = null, JobEvent? e = null, JobReply? reply = null)
    {
        var before = id is { } named && seqs.TryGetValue(named, out var at) ? rows[at] : null;
        var own = before;
        var isChanged = false;
        foreach (var (seq, version) in store.Versions(first))
        {
            rows.TryGetValue(seq, out var known);
            if (known?.Version == version) continue;
            var row = rows[seq] = store.Read(seq);
            (isChanged, written[row.Id]) = (true, world.Now);
            world.Note($"    {Describe(known, row)}");
            if (row.Id == id) own = row;
            else if (known is null) Appear(row);
            else Expect((row with { IsFirst = known.IsFirst, Version = known.Version }).ToString() == known.ToString() && Same(row, known),
                $"nothing but the turn of {Name(row.Id)} changes by what happens to another");
        }
        if (e is not null && before is not null)
        {
            if (own!.Version != before.Version) Change(before, own, e);
            Refuse(before, own, e, reply);
        }
        if (isChanged) starts.CheckKeys(rows.Values);
    }

    /// <summary>What holds at any time.</summary>
    public void CheckLeases()
    {
        foreach (var (id, until) in waits) Expect(world.Now <= until + LongestDue, $"time changes {Name(id)} at {until} ms");
        foreach (var job in rows.Values)
        {
            if (job.State != JobState.Running) continue;
            var since = Math.Max(startedAt, written[job.Id]);
            Expect(world.Now - since <= LongestUnseen, $"the lease of {Name(job.Id)} ends: nothing was heard of it since {since} ms");
        }
    }

    /// <summary>What holds at the end.</summary>
    public async Task EndAsync()
    {
        foreach (var job in rows.Values)
        {
            Expect(job.IsFinal, $"{Describe(null, job)} has come to its end");
            if (job.State != JobState.Done) continue;
            var texts = await store.Jobs.FindWithTextsAsync(job.Id);
            var result = texts?.Result is { } text ? Encoding.UTF8.GetString(text) : "nothing";
            var expected = results.TryGetValue(job.Id, out var accepted) ? Encoding.UTF8.GetString(accepted) : "none";
            Expect(result == expected, $"{Name(job.Id)} has the result that was accepted, '{expected}', not '{result}'");
        }
        foreach (var wrong in store.WrongCounts()) Expect(false, $"the counts are right; {wrong}");
    }

    private void Appear(Job row)
    {
        seqs[row.Id] = row.Seq;
        starts.Appear(row);
        Expect(row is { Attempt: 0, Failures: 0, LostLeases: 0, Round: 1, LeaseToken: null }, $"{Name(row.Id)} is new");
        foreach (var key in row.Tags) Expect(created.Add(key), $"the key {key} has one job, not {Name(row.Id)} as well");
    }

    /// <summary>What one event may make of a row.</summary>
    private void Change(Job before, Job after, JobEvent e)
    {
        var name = Name(after.Id);
        Expect(after.Version == before.Version + 1 || after.SerialKey is not null, $"{name} is written once");
        if (e is HolderEvent told) Expect(told.Token == before.LeaseToken, $"{e} with a token that is not the newest changes nothing of {name}");
        if (after.Round != before.Round)
        {
            Expect(after.Round == before.Round + 1 && e is Retried && before.State is JobState.Failed or JobState.Cancelled,
                $"only a retry of what failed begins the next round of {name}");
            Expect(after is { Attempt: 0, Failures: 0, LostLeases: 0 }, $"a new round of {name} counts anew");
            starts.BeginRound(after, (Retried)e);
            return;
        }
        Expect(!before.IsFinal, $"{name}, which is {before.State}, stays as it is in its round");
        if (e is Undelivered)
        {
            // A repeated claim stays: its first answer may have arrived.
            var isRepeat = after.State == JobState.Running && after.LeaseToken == before.LeaseToken;
            Expect(before.State == JobState.Running && after.Attempt == before.Attempt - (isRepeat ? 0 : 1), $"an undone claim of {name} is not counted");
        }
        else if (after.Attempt != before.Attempt) Start(before, after, e);
        else if (after.LeaseToken != before.LeaseToken) Expect(after.LeaseToken is null && e is TimeCame, $"the token of {name} stays until the next claim");
        if (Moment(after, e) is { } ms) waits[after.Id] = world.Now + ms;
        else if (after.State != before.State || after.RunAt != before.RunAt) waits.Remove(after.Id);
        if (e is Heartbeat or Claimed) renewed[after.Id] = world.Now;
        Count(before, after, e);
        if (before.State == JobState.Running && after.State != JobState.Running) Leave(before, after, e);
        if (e is Finished finished)
        {
            Expect(after.State == JobState.Done, $"{name} is done by its result");
            results[after.Id] = finished.Result;
        }
        else
        {
            Expect(after.State != JobState.Done, $"{name} is done by a result alone");
        }
        if (after.IsFinal) starts.End(before, after);
        starts.Observe(before, after);
    }

    /// <summary>After how many milliseconds time alone changes a job to which this has happened.</summary>
    private static long? Moment(Job after, JobEvent e) => (after.State, e) switch
    {
        (JobState.Running, Claimed) when after.TimeoutMs is { } timeout => timeout + JobRules.TimeoutGraceMs,
        (JobState.Scheduled, Failed failed) => failed.RetryAfterMs,
        (JobState.Scheduled, Released released) => released.DelayMs,
        (JobState.Scheduled, Snoozed snoozed) => snoozed.Ms,
        _ => null,
    };

    private void Start(Job before, Job after, JobEvent e)
    {
        Expect(e is Claimed && before.IsWaiting && after.State == JobState.Running && after.Attempt == before.Attempt + 1,
            $"attempts of {Name(after.Id)} count up by one, with each claim");
        Expect(tokens.Add(after.LeaseToken!), $"the token of {Name(after.Id)} is new");
        starts.Start(before, after, rows.Values);
    }

    private static void Count(Job before, Job after, JobEvent e)
    {
        var name = Name(after.Id);
        var isFailure = e is Failed || e is TimeCame && before.State == JobState.Running && after.State != JobState.Cancelled;
        Expect(after.Failures == before.Failures + (isFailure ? 1 : 0), $"the failures of {name} count what failed: {before.Failures}, then {after.Failures}");
        Expect(after.LostLeases == before.LostLeases + (e is LeaseEnded ? 1 : 0),
            $"the lost leases of {name} count the ends of leases: {before.LostLeases}, then {after.LostLeases}");
        Expect(after.Failures <= after.MaxAttempts || e is Edited, $"{name} fails at most {after.MaxAttempts} times");
        Expect(after.IsFinal || after.Failures < after.MaxAttempts, $"{name} ends with failure {after.Failures} of {after.MaxAttempts}");
        Expect(after.LostLeases < Job.MaxLostLeases || after.IsFinal, $"{name} ends with its fifth lost lease");
    }

    /// <summary>A running job stops running.</summary>
    private void Leave(Job before, Job after, JobEvent e)
    {
        Expect(e is Finished or Failed or Released or Undelivered or LeaseEnded or TimeCame, $"{Name(after.Id)} runs on, whatever {e} it was");
        if (e is TimeCame) starts.TimeOut(after);
        Expect(!before.CancelRequested || after.IsFinal || e is Undelivered, $"{Name(after.Id)}, which is to be cancelled, waits no more");
        if (e is not LeaseEnded) return;
        var since = Math.Max(startedAt, renewed[after.Id]);
        Expect(world.Now - since >= LeaseMs, $"the lease of {Name(after.Id)}, renewed at {since} ms, lasts {LeaseMs} ms");
    }

    /// <summary>Who has the newest token is taken, and nobody else.</summary>
    private static void Refuse(Job before, Job after, JobEvent e, JobReply? reply)
    {
        if (reply is null)
        {
            Expect(after.Version == before.Version || after.SerialKey is not null, $"{Name(after.Id)} changes for what was answered");
            return;
        }
        var isTaken = reply.Refusal == Refusal.None;
        Expect(isTaken || Same(after, before), $"{e}, refused with {reply.Refusal}, changes nothing of {Name(after.Id)}");
        Expect(!isTaken || after.Version != before.Version, $"{e}, which was taken, is in the table");
        Expect(reply.Job.Version == after.Version || !isTaken, $"{Name(after.Id)} is answered at version {after.Version}, not {reply.Job.Version}");
        if (e is not HolderEvent told) return;
        if (told.Token != before.LeaseToken) Expect(!isTaken, $"{e} with a token that is not the newest is refused for {Name(after.Id)}");
        else if (before.State == JobState.Running) Expect(isTaken, $"{e} of who holds {Name(after.Id)} is taken, not refused with {reply.Refusal}");
    }

    private static bool Same(Job one, Job other) => (one.State, one.Round, one.Attempt, one.Failures, one.LostLeases, one.LeaseToken, one.WorkerId, one.Error)
        == (other.State, other.Round, other.Attempt, other.Failures, other.LostLeases, other.LeaseToken, other.WorkerId, other.Error);

    private static string Describe(Job? before, Job job) => $"{Name(job.Id)} version {job.Version}: {(before is null ? "" : $"{before.State} -> ")}{job.State}"
        + $"{(job.IsReady ? ", ready" : "")}, round {job.Round}, attempt {job.Attempt}, failures {job.Failures}, lost {job.LostLeases}"
        + $"{(job.SerialKey is { } serial ? $", serial '{serial.TrimStart('\u0001')}'" : "")}{(job.UniqueKey is { } unique ? $", unique '{unique}'" : "")}"
        + $"{(job.Holds.Count > 0 ? $", held by {string.Join(' ', job.Holds.Select(static h => h.Kind))}" : "")}";

    private static void Expect(bool isSo, string what) => BrokenPromiseException.Unless(isSo, what);
}

/// <summary>Something is not as the broker promises.</summary>
internal sealed class BrokenPromiseException(string expected) : Exception(expected)
{
    public static void Unless(bool isSo, string expected)
    {
        if (!isSo) throw new BrokenPromiseException(expected);
    }
}
