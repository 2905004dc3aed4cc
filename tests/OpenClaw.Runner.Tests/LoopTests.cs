using OpenClaw.Runner.Work;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>A loop of the runner that fails ends the runner: none dies alone.</summary>
public sealed class LoopTests
{
    private readonly WatchedClock clock = new();
    private readonly HeldHandler handler = new();

    [Fact]
    public async Task AWorkPlaceThatFailsEndsTheRunnerAndTheOthersGiveTheirJobsBack()
    {
        await using var broker = Jobs(2, ScriptedAnswer.Ok("{}"));
        await using var worker = new RunningWorker(broker.Url, clock, handler, concurrency: 2, brokenBy: "job claimed job_id=2");
        var failure = await Assert.ThrowsAsync<LoopException>(worker.EndedAsync);
        Assert.Equal("work place", failure.Loop);
        Assert.Contains("runner ends: a part of it failed part=\"work place\"", worker.Log, StringComparison.Ordinal);
        Assert.Contains("a fault of the test's", worker.Log, StringComparison.Ordinal);
        Assert.Equal("/jobs/11111111-1111-4111-8111-111111111111/release", (await broker.NextAsync("/release")).Path);
    }

    [Fact]
    public async Task HeartbeatsThatFailEndTheRunner()
    {
        await using var broker = Jobs(1, ScriptedAnswer.Problem(503, "busy"));
        await using var worker = new RunningWorker(broker.Url, clock, handler, brokenBy: "heartbeat failed");
        await clock.PassAsync(TimeSpan.FromSeconds(10));
        var failure = await Assert.ThrowsAsync<LoopException>(worker.EndedAsync);
        Assert.Equal("heartbeats of 11111111-1111-4111-8111-111111111111", failure.Loop);
        Assert.True(handler.Cancelled.Task.IsCompleted);
        await broker.NextAsync("/release");
    }

    [Fact]
    public async Task ADeliveryThatFailsEndsTheRunner()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("outbox"));
        await File.WriteAllTextAsync(folder.File("outbox/broken.json"), "no outcome");
        await using var broker = Jobs(0, ScriptedAnswer.NoJob);
        await using var worker = new RunningWorker(broker.Url, clock, handler, folder, brokenBy: "no outcome");
        Assert.Equal("delivery", (await Assert.ThrowsAsync<LoopException>(worker.EndedAsync)).Loop);
    }

    private static ScriptedBroker Jobs(int count, ScriptedAnswer other)
    {
        var next = 0;
        return new ScriptedBroker(r => !r.Path.EndsWith("/next", StringComparison.Ordinal) ? other
            : next < count ? ScriptedAnswer.Job($"{++next}1111111-1111-4111-8111-111111111111", "test", "")
            : ScriptedAnswer.Hold);
    }
}
