using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>Makes jobs of all kinds; with a key it asks again until it is answered.</summary>
internal sealed class SimulatedProducer(World world, Network network, Judge judge, string queue, Kinds kinds)
{
    private const int MostTries = 5;
    private static readonly IfFailed[] Policies = Enum.GetValues<IfFailed>();

    private int made;

    public void Create()
    {
        var op = ++made;
        var key = world.Chance(0.8) ? $"{queue}-{op}" : null;
        Ask(Draw(op, key), key, 1);
    }

    private void Ask(Func<SimulatedBroker, NewJob> draw, string? key, int tries)
    {
        var isAnswered = false;
        network.Call($"create {key ?? "without a key"}", async broker =>
        {
            var created = await broker.Creation.CreateAsync(draw(broker), maker: null);
            var id = (created.Job ?? created.Found)?.Id ?? created.EarlierUse!.JobId;
            world.Note($"created {Judge.Name(id)}{(created.Job is null ? ", which was there" : "")}");
            return (Guid?)id;
        }, id =>
        {
            isAnswered = true;
            if (id is { } job) judge.Acknowledge(job, key);
        });
        if (key is null) return;
        world.After(2000, null, () =>
        {
            if (!isAnswered && tries < MostTries) Ask(draw, key, tries + 1);
            return Task.CompletedTask;
        });
    }

    /// <summary>A job by the dice; the broker's clock and the job's id come when it arrives.</summary>
    private Func<SimulatedBroker, NewJob> Draw(int op, string? key)
    {
        var parents = world.Chance(0.2) ? judge.Known.OrderBy(_ => world.Dice.Next()).Take(world.Dice.Next(1, 3)).ToList() : [];
        var command = world.Any(kinds.Commands);
        var unique = world.Chance(0.2) ? world.Any(kinds.Uniques) : null;
        var job = new NewJob(queue, command, System.Text.Encoding.UTF8.GetBytes($"payload {op}"), null, world.Any(kinds.Needs), world.Any(kinds.Requesters),
            new Maker(null, "sim", null), 0, null)
        {
            Id = default,
            Priority = world.Dice.Next(1, 6),
            MaxAttempts = world.Dice.Next(1, 4),
            Backoff = new Backoff(1 + world.Dice.Next(5), 60, 2),
            ExpiresInMs = world.Chance(0.15) ? world.Dice.Next(1, 60_000) : null,
            TimeoutMs = world.Chance(0.15) ? world.Dice.Next(1000, 60_000) : null,
            Tags = key is null ? [] : [key],
            Unique = unique,
            SerialKey = unique?.SerialKey(command) ?? (world.Chance(0.25) ? $"serial {world.Dice.Next(2)}" : null),
            DependsOn = [.. parents.Select(p => new Parent(p, world.Any(Policies)))],
        };
        var (isDelay, wait) = (world.Chance(0.7), world.Chance(0.2) ? world.Dice.Next(1, 40_000) : (int?)null);
        return broker => job with
        {
            Id = world.NewId(),
            Now = broker.Calls.Now,
            Key = key is null ? null : new IdempotencyKey(queue, key, [1], broker.Calls.SteadyNow),
            RunAt = wait is { } ms ? broker.Calls.Now + ms : null,
            IsDelay = wait is not null && isDelay,
        };
    }
}

/// <summary>What jobs of a seed are like: few kinds make long lines, many make lines that have no room.</summary>
internal sealed record Kinds(IReadOnlyList<string> Commands, IReadOnlyList<string?> Requesters, IReadOnlyList<Caps> Needs)
{
    /// <summary>A key is always used the same way.</summary>
    public IReadOnlyList<Unique> Uniques { get; } =
    [
        new("returned", null, OnConflict.Return), new("replaced", null, OnConflict.Replace), new("rejected", null, OnConflict.Reject),
        new("for a while", 30_000, OnConflict.Return), new("latest", null, OnConflict.KeepLatest), new("latest", null, OnConflict.KeepLatest),
    ];

    public static Kinds Of(World world)
    {
        string[] commands = ["make", "ping", "test"];
        string?[] requesters = [null, "anna", "bert", "cleo"];
        Caps[] needs = [Caps.Any, Caps.Of(["gpu"])];
        return new Kinds(commands[..world.Dice.Next(1, 4)], requesters[..world.Dice.Next(1, 5)], needs[..world.Dice.Next(1, 3)]);
    }
}
