using OpenClaw.Broker.Time;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>The wall clock is set back or forward while the broker runs: nothing but the dates shows it.</summary>
public sealed class ClockTests : IDisposable
{
    private const string Century = "36525.00:00:00";
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("-00:10:00")]
    [InlineData("-1.00:00:00")]
    [InlineData(Century)]
    public void JumpOfTheWallClockMovesTheSteadyOneNotAtAll(string jump)
    {
        var machine = new MachineClock(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000));
        var clock = new Clock(machine);
        var (steady, utc, wall) = (clock.SteadyNow, clock.GetUtcNow(), clock.Wall);
        machine.SetWall(TimeSpan.Parse(jump, null));
        Assert.Equal((steady, utc, wall + (long)TimeSpan.Parse(jump, null).TotalMilliseconds), (clock.SteadyNow, clock.GetUtcNow(), clock.Wall));
        machine.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((steady + 10_000, utc.AddSeconds(10)), (clock.SteadyNow, clock.GetUtcNow()));
    }

    [Theory]
    [InlineData("-00:10:00")]
    [InlineData("-1.00:00:00")]
    [InlineData(Century)]
    public async Task LeasesEndOnTimeAndDatesNeverGoBackWithinAJob(string jump)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var created = await broker.GetAsync(await broker.CreateAsync("1"));
        broker.Clock.SetWall(TimeSpan.Parse(jump, null));
        var first = await broker.ClaimAsync("anna");
        Assert.Equal(created.Id, first!.Id);
        Assert.True(first.StartedAt >= created.CreatedAt);
        broker.Clock.Advance(broker.Lease / 2);
        await broker.Client("anna").HeartbeatAsync(first.Id, first.LeaseToken);
        broker.Clock.SetWall(TimeSpan.Parse(jump, null)); // within the lease
        broker.Clock.Advance(broker.Lease - TimeSpan.FromMilliseconds(1));
        Assert.Null(await broker.ClaimAsync("bert"));
        await broker.AdvanceUntilAsync(TimeSpan.FromMilliseconds(1), first.Id, job => job.Status == JobStatuses.Queued);
        var second = await broker.ClaimSoonAsync("bert");
        broker.Clock.SetWall(-3 * TimeSpan.Parse(jump, null).Duration());
        await broker.Client("bert").FinishAsync(first.Id, second.LeaseToken, "good");
        var done = await broker.GetAsync(first.Id);
        Assert.Equal((JobStatuses.Done, created.CreatedAt), (done.Status, done.CreatedAt));
        Assert.True(done.FinishedAt >= done.StartedAt && done.StartedAt >= done.CreatedAt, $"{done.CreatedAt}, {done.StartedAt}, {done.FinishedAt}");
    }

    [Fact]
    public async Task IdempotencyKeyIsKeptForADayOfTheSteadyClock()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker);
        broker.Clock.SetWall(TimeSpan.Parse(Century, null));
        await broker.RunForAsync(TimeSpan.FromHours(1));
        Assert.Equal(id, await CreateAsync(broker));
        broker.Clock.SetWall(-2 * TimeSpan.Parse(Century, null));
        await broker.RunForAsync(TimeSpan.FromHours(23));
        Assert.Equal(id, await CreateAsync(broker));
        await broker.RunForAsync(TimeSpan.FromHours(2));
        Assert.NotEqual(id, await CreateAsync(broker));
    }

    /// <summary>The wall clock was wrong at the start before, and is right now; or the other way round.</summary>
    [Theory]
    [InlineData(365)]
    [InlineData(-365)]
    public async Task IdempotencyKeyIsKeptForADayThatTheBrokerRanWhereverTheWallClockStoodAtAStart(int days)
    {
        await using var broker = await BrokerFixture.StartAsync();
        broker.Clock.SetWall(TimeSpan.FromDays(days));
        await broker.StartAgainAsync();
        var id = await CreateAsync(broker);
        broker.Clock.SetWall(TimeSpan.FromDays(-days));
        await broker.StartAgainAsync();
        await broker.RunForAsync(TimeSpan.FromHours(23));
        Assert.Equal(id, await CreateAsync(broker));
        await broker.StartAgainAsync();
        await broker.RunForAsync(TimeSpan.FromHours(3));
        Assert.NotEqual(id, await CreateAsync(broker));
    }

    /// <summary>The real program: Orleans refuses every call while the clock that it was given is behind.</summary>
    [FaketimeFact]
    public async Task ProgramWhoseWallClockIsSetGoesOn()
    {
        var setting = folder.File("faketime");
        await File.WriteAllTextAsync(setting, "+0");
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string>
        {
            [BrokerVariables.LeaseSeconds] = "5",
            ["LD_PRELOAD"] = Faketime.Find() ?? throw new InvalidOperationException(Faketime.Missing),
            ["FAKETIME_TIMESTAMP_FILE"] = setting,
            ["FAKETIME_NO_CACHE"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1", // versions differ in its name
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        });
        var client = broker.Client("anna");
        var last = await client.GetAsync((await client.CreateAsync(new CreateJob("ping", ""))).Id);
        foreach (var jump in (string[])["-1h", "-1d", "-20000d", "+36525d"])
        {
            await File.WriteAllTextAsync(setting, jump);
            var first = await client.ClaimAsync(jump + 1, TimeSpan.Zero);
            Assert.Equal(last.Id, first!.Id);
            await client.HeartbeatAsync(first.Id, first.LeaseToken);
            var second = await client.ClaimAsync(jump + 2, TimeSpan.FromSeconds(60)); // comes with the lease's end
            Assert.Equal((first.Id, 2), (second!.Id, second.Attempt));
            await client.FinishAsync(second.Id, second.LeaseToken, "good");
            var next = await client.GetAsync((await client.CreateAsync(new CreateJob("ping", ""))).Id);
            Assert.Equal(jump[0] == '-', next.CreatedAt < last.CreatedAt);
            last = next;
        }
        Assert.Equal(0, await broker.Program.StopAsync());
    }

    private static async Task<string> CreateAsync(BrokerFixture broker) => (await broker.Client().CreateAsync(new CreateJob("ping", ""), "key")).Id;
}
