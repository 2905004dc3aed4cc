using System.Collections.Concurrent;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Workers;

/// <summary>What workers told of themselves and which are drained: rows, all of them in memory as well.</summary>
internal sealed class WorkerBook(IStore store, Clock clock) : IDefinitions
{
    /// <summary>A worker that has not told anything for so long is forgotten.</summary>
    public const long KeptMs = 30L * 24 * 3600 * 1000;

    private const int Most = 10_000;
    private const long MostCharacters = 64L << 20;
    private const int RetrySeconds = 60;

    /// <summary>What the Python runner does, which names no commands: any worker that names none is offered these.</summary>
    private static readonly HashSet<string> PythonCommands = new(StringComparer.Ordinal)
    {
        "ping", "capabilities", "plan_echo", "approve_echo", "repo_list", "repo_status", "repo_last_commit", "repo_grep", "repo_readfile", "llm_task",
        "llm_agentic", "embed",
    };

    private readonly ConcurrentDictionary<string, WorkerRow> rows = new(StringComparer.Ordinal);

    /// <summary>How far each worker's clock was ahead when it last said so, in milliseconds.</summary>
    private readonly ConcurrentDictionary<string, long> clocks = new(StringComparer.Ordinal);

    private Registry registry = Registry.Empty;

    /// <summary>Grows with each change that a worker has to hear of.</summary>
    private long seq;

    private TaskCompletionSource changed = NewSource();

    public ICollection<WorkerRow> All => rows.Values;

    public long Seq => Volatile.Read(ref seq);

    /// <summary>Completes with the next change.</summary>
    public Task Changed => Volatile.Read(ref changed).Task;

    public Drain? DrainOf(string worker) => rows.GetValueOrDefault(worker)?.Drain;

    /// <summary>Null where it has not said since this process began.</summary>
    public long? ClockOffsetMsOf(string worker) => clocks.TryGetValue(worker, out var offset) ? offset : null;

    /// <param name="date">The worker's own time, in milliseconds since 1970.</param>
    public void NoteClock(string worker, long date)
    {
        if (clocks.Count < Most) clocks[worker] = date - clock.Wall;
    }

    /// <summary>To be called before the first request.</summary>
    public async Task LoadAsync()
    {
        foreach (var row in await store.ReadAsync(WorkerTable.All)) rows[row.Id] = row;
        Register();
    }

    /// <exception cref="ProblemException">429: all workers together tell too much.</exception>
    public async Task NoteAsync(string worker, string? version, string commands)
    {
        var now = clock.Wall;
        var others = rows.Values.Where(r => r.Id != worker).ToList();
        if (others.Count >= Most || others.Sum(static r => r.Commands?.Length ?? 0L) + commands.Length > MostCharacters)
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.TooManyWorkers,
                $"{others.Count} workers have told of themselves, as much as is kept; tell less, or wait until some are forgotten")
            {
                RetryAfter = RetrySeconds,
            };
        }
        await store.WriteAsync(new Commit([new WorkerTold(worker, version, commands, now), new WorkersDelete(now - KeptMs)], isEssential: false));
        rows.AddOrUpdate(worker, id => new WorkerRow(id, version, commands, now, null),
            (_, row) => row with { Version = version, Commands = commands, ToldAt = now });
        foreach (var old in rows.Values) if (old.Drain is null && (old.ToldAt ?? 0) < now - KeptMs) rows.TryRemove(KeyValuePair.Create(old.Id, old));
        Register();
    }

    public string? Of(string command)
    {
        Refresh();
        return Volatile.Read(ref registry).Definitions.GetValueOrDefault(command);
    }

    /// <summary>What a worker may take that names no commands: what no other has told that it serves.</summary>
    public CommandSet Unnamed(string? worker)
    {
        Refresh();
        return Volatile.Read(ref registry).Unnamed(worker);
    }

    /// <param name="drain">Null lets it have jobs again.</param>
    public async Task DrainAsync(string worker, Drain? drain, AuditEntry noted)
    {
        await store.WriteAsync(new Commit([new WorkerDrained(worker, drain)], isEssential: true, noted));
        rows.AddOrUpdate(worker, id => new WorkerRow(id, null, null, null, drain), (_, row) => row with { Drain = drain });
        Tell();
    }

    /// <summary>Wakes all that wait for a change.</summary>
    public void Tell()
    {
        Interlocked.Increment(ref seq);
        Interlocked.Exchange(ref changed, NewSource()).TrySetResult();
    }

    private void Refresh()
    {
        if (Volatile.Read(ref registry).EndsAt is var end and not long.MaxValue && end <= clock.Wall) Register();
    }

    private void Register()
    {
        var since = clock.Wall - KeptMs;
        var told = rows.Values.Where(r => r.Commands is not null && r.ToldAt > since).ToList();
        var served = told.SelectMany(static row => WorkerRow.Served(row.Commands).Select(c => (c.Name, c.Definition, row.Id))).ToList();
        var servers = served.Where(static c => !PythonCommands.Contains(c.Name)).ToLookup(static c => c.Name, static c => c.Id, StringComparer.Ordinal);
        var definitions = served.Where(static c => c.Definition is not null).GroupBy(static c => c.Name, static c => c.Definition!, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => string.Join(',', g.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
        Volatile.Write(ref registry, new Registry(servers, definitions, told.Count == 0 ? long.MaxValue : told.Min(static r => r.ToldAt!.Value) + KeptMs));
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Who serves which command, and what that runs.</summary>
    /// <param name="EndsAt">When the first of it is forgotten, in milliseconds since 1970.</param>
    private sealed record Registry(ILookup<string, string> Servers, Dictionary<string, string> Definitions, long EndsAt)
    {
        public static readonly Registry Empty = new(Enumerable.Empty<string>().ToLookup(static n => n), [], long.MaxValue);

        private readonly ConcurrentDictionary<string, CommandSet> own = new(StringComparer.Ordinal);
        private readonly CommandSet all = CommandSet.AllBut(Servers.Select(static s => s.Key));
        private readonly HashSet<string> servers = [.. Servers.SelectMany(static s => s)];

        public CommandSet Unnamed(string? worker) => worker is null || !servers.Contains(worker) ? all
            : own.GetOrAdd(worker, id => CommandSet.AllBut(Servers.Where(s => s.Any(other => other != id)).Select(static s => s.Key)));
    }
}
