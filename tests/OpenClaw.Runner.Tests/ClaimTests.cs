using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

public sealed class ClaimTests
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private readonly WatchedClock clock = new();

    [Fact]
    public async Task AClaimWaitsAndSaysWhoAsks()
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Hold);
        await using var worker = new RunningWorker(broker.Url, clock, new HeldHandler());
        var claim = await broker.NextAsync("/jobs/next");
        Assert.Equal("?wait=30", claim.Query);
        Assert.Equal(RunningWorker.Token, claim.Headers["X-Worker-Token"]);
        Assert.Equal("worker-1", claim.Headers["X-Worker-Id"]);
        Assert.Equal("gpu,cuda:12", claim.Headers["X-Worker-Caps"]);
        Assert.Equal("[\"test\"]", claim.Headers["X-Worker-Commands"]);
        Assert.NotEmpty(claim.Headers["X-Claim-Id"]);
    }

    [Fact]
    public async Task AClaimWhoseAnswerWasLostIsRepeatedWithItsId()
    {
        var answers = new Queue<ScriptedAnswer>([ScriptedAnswer.Lose, ScriptedAnswer.Job(Id, "test", "")]);
        await using var broker = new ScriptedBroker(r => !r.Path.EndsWith("/next", StringComparison.Ordinal)
            ? ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""")
            : answers.TryDequeue(out var a) ? a : ScriptedAnswer.Hold);
        await using var worker = new RunningWorker(broker.Url, clock, new QuickHandler(new Succeeded("r")));
        var lost = await broker.NextAsync("/jobs/next");
        clock.Advance(await clock.TimerAsync(t => t <= TimeSpan.FromSeconds(0.25)));
        var repeated = await broker.NextAsync("/jobs/next");
        await broker.NextAsync("/result");
        var another = await broker.NextAsync("/jobs/next");
        Assert.Equal(lost.Headers["X-Claim-Id"], repeated.Headers["X-Claim-Id"]);
        Assert.NotEqual(lost.Headers["X-Claim-Id"], another.Headers["X-Claim-Id"]);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(503)]
    [InlineData(401)]
    public async Task ABrokerThatDoesNotWaitOrFailsIsAskedMoreAndMoreRarely(int status)
    {
        await using var broker = new ScriptedBroker(_ => status == 200 ? ScriptedAnswer.NoJob : ScriptedAnswer.Problem(status, "any"));
        await using var worker = new RunningWorker(broker.Url, clock, new HeldHandler());
        var top = 0.25;
        for (var i = 0; i < 8; i++)
        {
            await broker.NextAsync("/jobs/next");
            // The deadlines of calls are 30 s and more, pauses 8 s at most.
            var pause = await clock.TimerAsync(t => t <= TimeSpan.FromSeconds(8));
            Assert.InRange(pause.TotalSeconds, 0, top);
            top = Math.Min(8, top * 2);
            clock.Advance(pause);
        }
        Assert.Equal(status == 200 ? 0 : 1, worker.Log.Split('\n').Count(l => l.Contains("broker does not answer as it should", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RedirectsAreNotFollowed()
    {
        await using var elsewhere = new ScriptedBroker(_ => ScriptedAnswer.NoJob);
        await using var broker = new ScriptedBroker(_ => new ScriptedAnswer(307, "{}", new Uri(elsewhere.Url, "jobs/next").AbsoluteUri));
        await using var worker = new RunningWorker(broker.Url, clock, new HeldHandler());
        await broker.NextAsync("/jobs/next");
        clock.Advance(await clock.TimerAsync(t => t <= TimeSpan.FromSeconds(8)));
        await broker.NextAsync("/jobs/next");
        Assert.Empty(elsewhere.Take());
        Assert.Contains("redirects are not followed", worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralJobsRunAtOnce()
    {
        var next = 0;
        await using var broker = new ScriptedBroker(r => !r.Path.EndsWith("/next", StringComparison.Ordinal)
            ? ScriptedAnswer.Ok("""{"ok":true,"status":"queued"}""")
            : next < 3 ? ScriptedAnswer.Job($"{++next}1111111-1111-4111-8111-111111111111", "test", "") : ScriptedAnswer.Hold);
        var handler = new HeldHandler();
        await using var worker = new RunningWorker(broker.Url, clock, handler, concurrency: 3);
        for (var i = 0; i < 3; i++) await handler.StartedAsync();
    }

    [Fact]
    public async Task AJobThatMayHaveComeAtTheLastMomentGoesBack()
    {
        var claims = 0;
        await using var broker = new ScriptedBroker(r => r.Path.EndsWith("/next", StringComparison.Ordinal)
            ? ++claims == 1 ? ScriptedAnswer.Hold : ScriptedAnswer.Job(Id, "test", "")
            : ScriptedAnswer.Ok("""{"ok":true,"status":"queued"}"""));
        await using var worker = new RunningWorker(broker.Url, clock, new HeldHandler());
        var held = await broker.NextAsync("/jobs/next");
        clock.Advance(TimeSpan.FromSeconds(5));
        worker.Stop();
        var repeated = await broker.NextAsync("/jobs/next");
        Assert.Equal(held.Headers["X-Claim-Id"], repeated.Headers["X-Claim-Id"]);
        Assert.Equal("", repeated.Query);
        var release = await broker.NextAsync($"/jobs/{Id}/release");
        Assert.Equal("lease-1", release.Headers["X-Lease-Token"]);
        await worker.EndedAsync();
    }
}
