using OpenClaw.Contracts;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>What a change of the commands does to a runner at work. Its clock stands still, so no long poll ends by itself.</summary>
public sealed class ReloadTests
{
    private const string Id = "11111111-1111-4111-8111-111111111111";

    [Fact]
    public async Task TheNextClaimAndWhatTheBrokerIsToldAreOfTheNewOnes()
    {
        await using var broker = new ScriptedBroker(static r => r.Method == "PUT" ? ScriptedAnswer.Ok("""{"ok":true,"id":"worker-1"}""") : ScriptedAnswer.Hold)
        {
            HearsWorkers = true,
        };
        await using var worker = new RunningWorker(broker.Url, new WatchedClock(), new HeldHandler());
        var seen = new List<ScriptedRequest>();
        await SeeAsync(static r => r.Path == "/workers/me/control");
        var first = await SeeAsync(static r => r.Path == "/jobs/next");
        Assert.Equal("""["test"]""", first.Headers["X-Worker-Commands"]);

        seen.Clear();
        worker.Served.Replace(new Dictionary<string, OwnCommand>
        {
            ["own"] = new(new QuickHandler(new Succeeded("x")), new ServedCommand("own", "Of one's own", Approval: true, Definition: "d1")),
        });
        var next = await SeeAsync(static r => r.Path == "/jobs/next");
        Assert.Equal("""["test","own"]""", next.Headers["X-Worker-Commands"]);
        Assert.Equal(first.Headers["X-Claim-Id"], next.Headers["X-Claim-Id"]); // What the first may have got is not lost.
        var told = await SeeAsync(static r => r.Method == "PUT");
        Assert.Contains("""{"name":"own","description":"Of one\u0027s own","approval":true,"definition":"d1"}""", told.Body, StringComparison.Ordinal);

        async Task<ScriptedRequest> SeeAsync(Func<ScriptedRequest, bool> fits)
        {
            while (!seen.Any(fits)) seen.Add(await broker.NextAsync(""));
            return seen.First(fits);
        }
    }

    [Fact]
    public async Task AJobOfACommandThatIsNoMoreGoesBack()
    {
        var claims = 0;
        await using var broker = new ScriptedBroker(r => r.Path.EndsWith("/release", StringComparison.Ordinal)
            ? ScriptedAnswer.Ok("""{"ok":true,"status":"queued"}""")
            : r.Path == "/jobs/next" && ++claims == 3 ? ScriptedAnswer.Job(Id, "own", "x") : ScriptedAnswer.Hold);
        await using var worker = new RunningWorker(broker.Url, new WatchedClock(), new HeldHandler());
        await broker.NextAsync("/jobs/next");
        worker.Served.Replace(new Dictionary<string, OwnCommand> { ["own"] = new(new QuickHandler(new Succeeded("x")), new ServedCommand("own")) });
        await broker.NextAsync("/jobs/next");
        worker.Served.Replace(new Dictionary<string, OwnCommand>());
        Assert.Equal("lease-1", (await broker.NextAsync("/release")).Headers["X-Lease-Token"]);
    }

    /// <summary>A failure that no other try mends says so, alone and with others.</summary>
    [Fact]
    public async Task AFailureForGoodIsSentAsOne()
    {
        var claimed = false;
        await using var broker = new ScriptedBroker(r => r.Path.EndsWith("/fail", StringComparison.Ordinal)
            ? ScriptedAnswer.Ok("""{"ok":true,"status":"failed"}""") : claimed || r.Path != "/jobs/next" ? ScriptedAnswer.Hold : Claim());
        await using var worker = new RunningWorker(broker.Url, new WatchedClock(), new QuickHandler(new Failed("no", IsRetryable: false)));
        Assert.Equal("""{"error":"no","retryable":false}""", (await broker.NextAsync("/fail")).Body);

        ScriptedAnswer Claim()
        {
            claimed = true;
            return ScriptedAnswer.Job(Id, "test", "x");
        }
    }
}
