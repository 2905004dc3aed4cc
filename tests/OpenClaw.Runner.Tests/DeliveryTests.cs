using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Outbox;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>An outcome's way to the broker, by the disk.</summary>
public sealed class DeliveryTests : IDisposable
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private const string File = Id + ".1.result.json";
    private readonly WatchedClock clock = new();
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AnOutcomeIsPrivatelyOnDiskBeforeItIsSentAndGoneAfter()
    {
        bool? isPrivate = null;
        await using var broker = OneJob(_ =>
        {
            isPrivate = FileModes.IsPrivate(folder.File("outbox/" + File));
            return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
        });
        await using var worker = Start(broker);
        await broker.NextAsync("/result");
        await broker.NextAsync("/jobs/next");
        Assert.True(isPrivate);
        Assert.Empty(worker.Outbox);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(401)]
    [InlineData(302)]
    [InlineData(429)]
    [InlineData(0)]
    public async Task AnOutcomeThatCannotBeSentNowIsSentLater(int status)
    {
        var tries = 0;
        await using var broker = OneJob(_ => ++tries > 2
            ? ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""")
            : status == 0 ? ScriptedAnswer.Lose : ScriptedAnswer.Problem(status, "any"));
        await using var worker = Start(broker);
        var first = await broker.NextAsync("/result");
        await broker.NextAsync("/result");
        var pause = await clock.TimerAsync(t => t <= TimeSpan.FromSeconds(1));
        Assert.Equal([File], worker.Outbox);
        clock.Advance(pause);
        var third = await broker.NextAsync("/result");
        Assert.Equal(first.Body, third.Body);
        Assert.Equal("lease-1", third.Headers["X-Lease-Token"]);
        await worker.LoggedAsync("outcome delivered");
        Assert.Empty(worker.Outbox);
    }

    [Theory]
    [InlineData(404, "not_found")]
    [InlineData(409, "lease_lost")]
    [InlineData(400, "not_running")]
    public async Task AnOutcomeRefusedForGoodIsKeptAside(int status, string code)
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(status, code));
        await using var worker = Start(broker);
        await broker.NextAsync("/result");
        await broker.NextAsync("/jobs/next");
        Assert.Empty(worker.Outbox);
        Assert.Equal([File], worker.Orphans);
        Assert.Contains("refused for good", worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AResultTheBrokerWillNotHaveFailsTheJobAndIsKept()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(413, "too_large"));
        await using var worker = Start(broker);
        Assert.Equal("""{"error":"the broker refused the result: 413 as scripted"}""", (await broker.NextAsync("/fail")).Body);
        await broker.NextAsync("/jobs/next");
        Assert.Equal([File], worker.Orphans);
        Assert.Contains("payload-canary", await System.IO.File.ReadAllTextAsync(folder.File("outbox/orphans/" + File)), StringComparison.Ordinal);
        Assert.Empty(worker.Outbox);
    }

    [Fact]
    public async Task WhatAnEarlierRunLeftIsSentAtTheStart()
    {
        await using (var away = OneJob(_ => ScriptedAnswer.Hold))
        await using (var killed = Start(away))
        {
            await away.NextAsync("/result");
        }
        await using var broker = new ScriptedBroker(r => r.Path.EndsWith("/next", StringComparison.Ordinal)
            ? ScriptedAnswer.Hold
            : ScriptedAnswer.Ok("""{"ok":true,"status":"done"}"""));
        await using var worker = Start(broker);
        var result = await broker.NextAsync($"/jobs/{Id}/result");
        Assert.Equal("""{"result":"payload-canary"}""", result.Body);
        Assert.Equal("lease-1", result.Headers["X-Lease-Token"]);
    }

    [Fact]
    public async Task ATextIsReadWhenItIsSent()
    {
        var outbox = Outbox();
        for (var n = 1; n <= 3; n++) outbox.Keep(Outcome(n, "as it was kept"));
        var sent = 0;
        await using var broker = new ScriptedBroker(r =>
        {
            if (!r.Path.EndsWith("/result", StringComparison.Ordinal)) return ScriptedAnswer.Hold;
            if (++sent == 1) foreach (var name in outbox.List()) outbox.Keep(outbox.Read(name)! with { Text = "as it is now" });
            return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
        });
        await using var worker = Start(broker);
        Assert.Equal("""{"result":"as it was kept"}""", (await broker.NextAsync("/result")).Body);
        for (var n = 2; n <= 3; n++) Assert.Equal("""{"result":"as it is now"}""", (await broker.NextAsync("/result")).Body);
    }

    [Fact]
    public void ThreeHundredLongOutcomesTakeUpNoMoreThanTheirNames()
    {
        var outbox = Outbox();
        for (var n = 0; n < 300; n++)
        {
            using var file = System.IO.File.Create(folder.File($"outbox/{Outcome(n, "").FileName}"));
            file.SetLength(1_000_000);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(300, outbox.List().Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public async Task AFileThatIsNoOutcomeIsKeptAside()
    {
        Directory.CreateDirectory(folder.File("outbox"));
        await System.IO.File.WriteAllTextAsync(folder.File("outbox/" + File), "{\"job_id\": \"../..");
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Hold);
        await using var worker = Start(broker);
        await broker.NextAsync("/jobs/next");
        Assert.Equal([File], worker.Orphans);
    }

    [Fact]
    public async Task NoTokenPayloadOrResultIsLogged()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(409, "lease_lost", "running"));
        await using var worker = Start(broker);
        await broker.NextAsync("/result");
        await broker.NextAsync("/jobs/next");
        Assert.DoesNotContain("canary", worker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("lease-1", worker.Log, StringComparison.Ordinal);
        Assert.NotEmpty(worker.Log);
    }

    private OutboxFolder Outbox() => new(folder.Path, new RunnerLog(TextWriter.Null, clock), clock);

    private static StoredOutcome Outcome(int attempt, string text) => new(Id, attempt, "lease-1", OutcomeKind.Result, text);

    private RunningWorker Start(ScriptedBroker broker) => new(broker.Url, clock, new QuickHandler(new Succeeded("payload-canary")), folder);

    private static ScriptedBroker OneJob(Func<ScriptedRequest, ScriptedAnswer> result)
    {
        var claimed = false;
        return new ScriptedBroker(r =>
        {
            if (r.Path.EndsWith("/result", StringComparison.Ordinal)) return result(r);
            if (!r.Path.EndsWith("/next", StringComparison.Ordinal)) return ScriptedAnswer.Ok("""{"ok":true,"status":"failed"}""");
            if (claimed) return ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Job(Id, "test", "payload-canary");
        });
    }
}
