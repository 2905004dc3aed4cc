using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>
/// Leases of a second that really run out. Each test awaits the end by a long poll, so none asks how long it took.
/// </summary>
public class LeaseTests : IAsyncLifetime
{
    private OwnBroker broker = null!;

    private Api Api => broker.Api;

    public async Task InitializeAsync() => broker = await OwnBroker.StartAsync(leaseSeconds: 1);

    public async Task DisposeAsync() => await broker.DisposeAsync();

    [Fact]
    public async Task AnotherWorkerGetsTheJobAfterItsLeaseAndTheFirstIsFencedOff()
    {
        var id = await Api.NewJobAsync();
        var first = await Api.TakeAsync("X-Worker-Id: ada");
        var second = (await Api.PollAsync(60, "X-Worker-Id: bob")).Job!.Value;
        Assert.Equal((id, 2, 1, "bob"), (second.Id(), second.Number("attempt"), second.Number("lost_leases"), second.Text("worker_id")));
        Assert.NotEqual(first.Text("lease_token"), second.Text("lease_token"));
        Assert.True(second.Number("started_at") >= first.Number("lease_until"), "handed out before its lease was over");
        (await Api.FinishAsync(id, "stale", first.Fence())).IsRefused(409);
        (await Api.FailAsync(id, "stale", "X-Worker-Id: ada")).IsRefused(409);
        (await Api.FinishAsync(id, "fresh", second.Fence())).IsExactly(200, """{"ok":true,"status":"done"}""");
        Assert.Equal("fresh", (await Api.JobAsync(id)).Text("result"));
    }

    [Fact]
    public async Task ReturnedJobKeepsItsPlaceAndLooksNew()
    {
        await LeasesLastAsync(seconds: 5); // longer than taking all three
        var lost = await Api.NewJobAsync("ping", "lost");
        var released = await Api.NewJobAsync("ping", "younger");
        var held = await Api.NewJobNeedingAsync("held", "held");
        await Api.TakeAsync("X-Worker-Id: ada"); // lost: nobody takes it while its lease ends
        Assert.Equal(released, (await Api.TakeAsync()).Id());
        var watch = await Api.TakeAsync("X-Worker-Caps: held");
        Assert.Equal(held, watch.Id());

        // All are back before anybody asks, so that the order is the queue's and not that in which the leases ended.
        foreach (var id in (string[])[lost, released, held]) await LeaseOverAsync(id);
        var order = new List<string>();
        while (order.Count < 3) order.Add((await Api.PollAsync(60, "X-Worker-Caps: held")).Job!.Value.Id());
        Assert.Equal([lost, released, held], order);
    }

    [Fact]
    public async Task WaitingJobThatLostItsLeaseLooksNew()
    {
        var id = await Api.NewJobNeedingAsync("x", "rare");
        await Api.TakeAsync("X-Worker-Id: ada", "X-Worker-Caps: rare");
        var job = await Api.JobAsync(id, "?wait=2"); // it does not end: the answer comes after the lease
        while (job.Text("status") == "running") job = await Api.JobAsync(id, "?wait=1");
        Assert.Equal(("queued", 1, 1), (job.Text("status"), job.Number("attempt"), job.Number("lost_leases")));
        Assert.All(["started_at", "finished_at", "lease_until", "worker_id", "result", "error"], name => Assert.True(job.IsNull(name), name));

        // Nobody has claimed it since: the token, or the last holder's name, is still welcome; a stranger's is not.
        (await Api.FinishAsync(id, "x", "X-Worker-Id: bob")).IsRefused(409);
        (await Api.FinishAsync(id, "late but mine", "X-Worker-Id: ada")).IsExactly(200, """{"ok":true,"status":"done"}""");
        Assert.Equal("late but mine", (await Api.JobAsync(id)).Text("result"));
    }

    [Fact]
    public async Task NewestTokenIsWelcomeAfterItsLease()
    {
        var id = await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        await LeaseOverAsync(id);
        var heartbeat = (await Api.DoAsync(id, "heartbeat", null, job.Fence())).IsRefused(409);
        Assert.Equal("queued", heartbeat["state"].GetString());
        (await Api.FinishAsync(id, "late", job.Fence())).IsExactly(200, """{"ok":true,"status":"done"}""");
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task HeartbeatsKeepTheLease()
    {
        await LeasesLastAsync(seconds: 10);
        await Api.NewJobAsync();
        var held = await Api.TakeAsync();
        await Api.NewJobAsync();
        var other = await Api.TakeAsync();
        var poll = Api.PollAsync(60);
        while (!poll.IsCompleted)
        {
            (await Api.DoAsync(held.Id(), "heartbeat", null, held.Fence())).Is(200);
            await Api.JobAsync(held.Id(), "?wait=0");
        }
        Assert.Equal(other.Id(), (await poll).Job!.Value.Id());
        var job = await Api.JobAsync(held.Id());
        Assert.Equal(("running", 1, 0), (job.Text("status"), job.Number("attempt"), job.Number("lost_leases")));
    }

    [Fact]
    public async Task FifthLostLeaseFailsTheJob()
    {
        var id = await Api.NewJobAsync();
        for (var attempt = 1; attempt <= 5; attempt++) Assert.Equal(attempt, (await Api.PollAsync(60)).Job!.Value.Number("attempt"));
        var job = await Api.JobAsync(id, "?wait=60");
        Assert.Equal(("failed", "failed", 5, "lease lost 5 times"), (job.Text("status"), job.Text("state"), job.Number("lost_leases"), job.Text("error")));
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task CancelledJobEndsWithItsLease()
    {
        var id = await Api.NewJobAsync();
        await Api.TakeAsync();
        await Api.CancelAsync(id);
        Assert.Equal("cancelled", (await Api.JobAsync(id, "?wait=60")).Text("state"));
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task LeaseOutlivesTheTimeThatTheBrokerWasAway()
    {
        var id = await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        await broker.Process.Program.KillAsync();
        broker.Execute("update job set lease_until = created_at"); // as if the broker had been away for long
        await LeasesLastAsync(seconds: 600);
        (await Api.DoAsync(id, "heartbeat", null, job.Fence())).Is(200);
        Assert.Equal(0, (await Api.JobAsync(id)).Number("lost_leases"));
    }

    [Fact]
    public async Task LeaseEndsAfterARestartWithNobodyPolling()
    {
        var id = await Api.NewJobAsync();
        await Api.TakeAsync();
        await broker.KillAndStartAsync();
        await LeaseOverAsync(id);
        Assert.Equal((id, 2), ((await Api.PollAsync(60)).Job!.Value.Id(), (await Api.JobAsync(id)).Number("attempt")));
    }

    private Task LeasesLastAsync(int seconds) =>
        broker.Process.StartAgainAsync(new Dictionary<string, string> { ["LEASE_SECONDS"] = $"{seconds}" });

    private async Task LeaseOverAsync(string id)
    {
        while ((await Api.JobAsync(id, "?wait=1")).Text("status") == "running")
        {
            // The wait is the broker's: it answers after a second, or when the job has ended.
        }
    }
}
