using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>Answers that no broker of ours gives: the runner lives on.</summary>
public sealed class OddAnswerTests
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private readonly WatchedClock clock = new();

    [Theory]
    [InlineData("{\"job\":{\"id\":\"" + Id + "\",\"status\":\"running\",\"command\":\"\",\"lease_token\":\"l\",\"lease_seconds\":30}}")]
    [InlineData("{\"job\":{\"id\":\"" + Id + "\",\"status\":\"running\",\"command\":\"test\",\"lease_token\":\"a\\r\\nb\",\"lease_seconds\":30}}")]
    [InlineData("{\"job\":{\"id\":\"" + Id + "\",\"status\":\"running\",\"command\":\"test\",\"lease_token\":\"\",\"lease_seconds\":30}}")]
    [InlineData("{\"job\":{\"id\":\"../x\",\"status\":\"running\",\"command\":\"test\",\"lease_token\":\"l\",\"lease_seconds\":30}}")]
    public async Task AJobThatIsNoneIsLeftAloneAndTheNextIsDone(string odd)
    {
        await using var broker = FirstThenAJob(ScriptedAnswer.Ok(odd));
        await using var worker = new RunningWorker(broker.Url, clock, new QuickHandler(new Succeeded("r")));
        await worker.LoggedAsync("claimed something that is no job");
        await clock.PassAsync(TimeSpan.FromSeconds(8));
        Assert.Equal($"/jobs/{Id}/result", (await broker.NextAsync("/result")).Path);
    }

    [Fact]
    public async Task ARetryAfterIsFollowedForAMinuteAtMost()
    {
        await using var broker = FirstThenAJob(ScriptedAnswer.Problem(503, "busy") with { RetryAfter = "1000000000" });
        await using var worker = new RunningWorker(broker.Url, clock, new QuickHandler(new Succeeded("r")));
        await worker.LoggedAsync("does not answer as it should");
        // The call's own deadline was the first of a minute.
        await clock.TimerAsync(t => t == TimeSpan.FromMinutes(1));
        await clock.PassAsync(TimeSpan.FromMinutes(1));
        await broker.NextAsync("/result");
    }

    [Theory]
    [InlineData("1e300", 60)]
    [InlineData("1e999", 60)]
    [InlineData("3600", 60)]
    [InlineData("30", 10)]
    [InlineData("1e-300", 0.1)]
    public async Task HeartbeatsAreNeitherTooRareNorTooFrequent(string leaseSeconds, double period)
    {
        var job = $"{{\"job\":{{\"id\":\"{Id}\",\"status\":\"running\",\"command\":\"test\",\"lease_token\":\"l\",\"lease_seconds\":{leaseSeconds}}}}}";
        await using var broker = FirstThenAJob(ScriptedAnswer.Ok(job));
        var handler = new HeldHandler();
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await handler.StartedAsync();
        if (period == 60) await clock.TimerAsync(t => t == TimeSpan.FromMinutes(1));
        await clock.PassAsync(TimeSpan.FromSeconds(period));
        await broker.NextAsync("/heartbeat");
    }

    [Fact]
    public async Task AHandlersEndlessRestIsADay()
    {
        await using var broker = FirstThenAJob(ScriptedAnswer.Job(Id, "test", ""));
        await using var worker = new RunningWorker(broker.Url, clock, new QuickHandler(new Snoozed(TimeSpan.MaxValue)));
        await broker.NextAsync("/release");
        await clock.PassAsync(TimeSpan.FromDays(1));
        await broker.NextAsync("/release");
    }

    /// <summary>A broker whose first claim is answered so, each later one with a job, and everything else well.</summary>
    private static ScriptedBroker FirstThenAJob(ScriptedAnswer first)
    {
        var claims = 0;
        return new ScriptedBroker(r => !r.Path.EndsWith("/next", StringComparison.Ordinal) ? ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""")
            : ++claims == 1 ? first
            : claims == 2 ? ScriptedAnswer.Job(Id, "test", "")
            : ScriptedAnswer.Hold);
    }
}
