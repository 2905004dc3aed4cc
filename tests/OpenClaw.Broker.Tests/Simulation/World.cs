namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>Time, chance, what is to come and what has been: all that makes one history, the same for the same seed.</summary>
internal sealed class World(int seed)
{
    private readonly PriorityQueue<Planned, (long At, long Order)> agenda = new();
    private readonly List<string> history = [];
    private readonly byte[] bytes = new byte[16];
    private long planned;

    public int Seed => seed;

    public VirtualMachine Machine { get; } = new(seed);

    public Random Dice { get; } = new(seed);

    public long Now => Machine.Now;

    public int Steps { get; private set; }

    /// <summary>Whether nothing goes wrong any more.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Whether news come to the queue in order and all of them, as they do while no call of it fails.</summary>
    public bool KeepsNews { get; set; }

    public IReadOnlyList<string> History => history;

    /// <summary>When the next thing happens.</summary>
    public long? NextAt => agenda.TryPeek(out _, out var when) ? when.At : null;

    /// <summary>Plans something.</summary>
    /// <param name="what">Null where most often nothing comes of it.</param>
    /// <param name="within">It does not happen once this is over.</param>
    public void After(long milliseconds, string? what, Func<Task> happen, Life? within = null) =>
        agenda.Enqueue(new Planned(what, happen, within), (Now + milliseconds, planned++));

    public async Task StepAsync()
    {
        var next = agenda.Dequeue();
        if (next.Within is { IsOver: true }) return;
        if (next.What is not null) Begin(next.What);
        await next.Happen();
    }

    /// <summary>Another step.</summary>
    public void Begin(string what)
    {
        Steps++;
        Note(what);
    }

    public void Note(string what) => history.Add(string.Create(null, $"{Steps,5} {Now,9} ms  {what}"));

    /// <summary>Whether something goes wrong.</summary>
    public bool Fault(double chance) => !IsCalm && Dice.NextDouble() < chance;

    public bool Chance(double chance) => Dice.NextDouble() < chance;

    public T Any<T>(IReadOnlyList<T> of) => of[Dice.Next(of.Count)];

    public Guid NewId()
    {
        Dice.NextBytes(bytes);
        return new Guid(bytes);
    }

    public string NewToken()
    {
        Dice.NextBytes(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private sealed record Planned(string? What, Func<Task> Happen, Life? Within);
}

/// <summary>The time from a start of something to its end, or its crash.</summary>
internal class Life
{
    public bool IsOver { get; private set; }

    public void End() => IsOver = true;
}
