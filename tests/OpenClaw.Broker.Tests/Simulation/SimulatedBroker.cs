using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>
/// The broker from a start to its crash: its own code but for what runs beside requests, which the simulation's agenda does instead of
/// threads and timers.
/// </summary>
internal sealed class SimulatedBroker : Life, IJobs, INewsSink
{
    public const int LeaseSeconds = 20;
    private const int LookMs = 30_000;
    private const int Heads = 1000;

    private readonly World world;
    private readonly Judge judge;
    private readonly Action<SimulatedBroker> crashed;
    private readonly Dictionary<Guid, SimulatedJob> jobs = [];
    private readonly DueTimes due;
    private readonly SimulatedRelay relay;
    private int looks;

    private SimulatedBroker(World world, SimulatedStore store, Judge judge, Settings settings, SteadyTime reached, Action<SimulatedBroker> crashed)
    {
        (this.world, this.judge, this.crashed, Settings, Store, Rows) = (world, judge, crashed, settings, store.Jobs, store.Rows);
        Clock = new Clock(world.Machine, reached);
        Fresh = new FreshJobs(Clock);
        due = new DueTimes(Clock);
        Options = new BrokerOptions { DatabasePath = "", BotToken = "", WorkerToken = "", LeaseSeconds = LeaseSeconds };
        Calls = new JobCalls(this, Store, Rows, Fresh, new JobQuota(store.Held, Options), new ApprovalRules(Options), [this], Clock, Options,
            NullLogger<JobCalls>.Instance);
        Creation = new JobCreation(Calls, Store, new JobRates(Calls, Options));
        Queue = new SimulatedQueue(this, world);
        relay = new SimulatedRelay(this, world);
    }

    public Settings Settings { get; }

    public IJobStore Store { get; }

    public IStore Rows { get; }

    public BrokerOptions Options { get; }

    public Clock Clock { get; }

    public FreshJobs Fresh { get; }

    public JobCalls Calls { get; }

    public JobCreation Creation { get; }

    public SimulatedQueue Queue { get; }

    public IJobGrain this[Guid id] => jobs.TryGetValue(id, out var job) ? job : jobs[id] = new SimulatedJob(id, this, world, judge);

    /// <summary>When time alone does something.</summary>
    public long? NextAt => Earlier(Queue.Next, due.Next) is { } at ? world.Now + Math.Max(0, at - Clock.SteadyNow) : null;

    /// <param name="reached">How far the steady clock had come before.</param>
    public static async Task<SimulatedBroker> StartAsync(
        World world, SimulatedStore store, Judge judge, Settings settings, SteadyTime reached, Action<SimulatedBroker> crashed)
    {
        var broker = new SimulatedBroker(world, store, judge, settings, reached, crashed);
        await broker.Calls.LoadAsync();
        await broker.Queue.LoadAsync();
        broker.due.BeginRead();
        broker.due.EndRead(await broker.Store.ReadDueAsync(DueTimes.Capacity));
        broker.After(0, "the broker tells what was left untold", broker.relay.TellAllAsync);
        broker.PlanLook();
        return broker;
    }

    public void After(long milliseconds, string what, Func<Task> happen) => world.After(milliseconds, what, () => TryAsync(happen), this);

    /// <summary>All memory is gone, and what was under way with it.</summary>
    public void Crash(string why)
    {
        if (IsOver) return;
        world.Note($"the broker crashes {why}");
        End();
        crashed(this);
    }

    /// <summary>What is due by now is done.</summary>
    public void Wake()
    {
        while (due.TakeDue() is { } job) After(world.Dice.Next(20), $"a moment of {Judge.Name(job.Id)} has come", () => TellDueAsync(job));
        Queue.EndOverdue();
    }

    public async ValueTask Heard(JobNews news)
    {
        if (IsOver) return;
        await due.Heard(news);
        relay.Hear(news);
        Queue.Hear(news);
    }

    private async Task TellDueAsync(DueJob job)
    {
        try
        {
            await Calls.ApplyAsync(job.Id, new TimeCame(Calls.Now, job.Version, world.Dice.NextDouble()));
        }
        catch (StorageBusyException)
        {
            due.PutOff(job, 1000);
        }
    }

    /// <summary>While all is well and much time passes, the broker looks less often: it finds nothing.</summary>
    private void PlanLook() => After(world.IsCalm && ++looks > 20 ? 20 * LookMs : LookMs, "the broker compares itself with the table", LookAsync);

    private async Task LookAsync()
    {
        PlanLook();
        due.Add(await Store.ReadDueAsync(Heads));
        await Queue.LookAsync();
    }

    /// <summary>What runs beside requests ends with its broker, and is told again where the store was busy.</summary>
    private async Task TryAsync(Func<Task> happen)
    {
        try
        {
            await happen();
        }
        catch (BrokerGoneException)
        {
        }
        catch (StorageBusyException)
        {
            After(5000, "again, since the store was busy", happen);
        }
    }

    private static SteadyTime? Earlier(SteadyTime? one, SteadyTime? other) => one is null || other < one ? other : one;
}

/// <summary>What a broker reads at its start, besides jobs.</summary>
internal sealed class Settings(string queue, int window, int flows)
{
    public string Queue => queue;

    /// <summary>How many jobs the queue's window holds.</summary>
    public int Window => window;

    /// <summary>How many flows.</summary>
    public int Flows => flows;

    public QueueLimit[] Limits { get; set; } = [];
}
