using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>The lease token is the fence; without one the worker's name has to do.</summary>
public class FenceTests(TestedBroker broker) : ContractTest(broker)
{
    private const string Done = """{"ok":true,"status":"done"}""";
    private static readonly string[] Verbs = ["result", "fail", "heartbeat", "release"];

    [Fact]
    public async Task ClaimGivesAttemptTokenAndLease()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        Assert.Equal(1, job.Number("attempt"));
        Assert.True(job.Text("lease_token")!.Length >= 22, "128 bits take 22 characters");
        Assert.Equal(600, job.GetProperty("lease_seconds").GetDouble());
        Assert.Equal(("running", 0, 0, false),
            (job.Text("state"), job.Number("failures"), job.Number("lost_leases"), job.GetProperty("cancel_requested").GetBoolean()));
        Assert.True(job.IsNull("requires"));
        Assert.Equal(job.Number("started_at") + 600, job.Number("lease_until"));
    }

    [Fact]
    public async Task ReadersSeeNoToken()
    {
        var id = await RunningJobAsync();
        var job = await Api.JobAsync(id);
        Assert.True(job.IsNull("lease_token"));
        Assert.True(job.IsNull("lease_seconds"));
        Assert.Equal(1, job.Number("attempt"));
        var listed = (await Api.GetAsync("/jobs?limit=1", Api.Bot))["jobs"][0];
        Assert.True(!listed.TryGetProperty("lease_token", out _) || listed.IsNull("lease_token"));
    }

    [Fact]
    public async Task TokensAreNeverTheSame()
    {
        var tokens = new HashSet<string>();
        await Api.NewJobAsync();
        for (var attempt = 1; attempt <= 20; attempt++)
        {
            var job = await Api.TakeAsync();
            Assert.Equal(attempt, job.Number("attempt"));
            Assert.True(tokens.Add(job.Text("lease_token")!));
            (await Api.DoAsync(job.Id(), "release", null, job.Fence())).Is(200);
        }
    }

    [Fact]
    public async Task WrongTokenIsRefusedWhateverTheState()
    {
        var id = await RunningJobAsync();
        await AssertLostAsync(id, "running");
        await Api.FinishAsync(id, "pong");
        await AssertLostAsync(id, "done");
        var failed = await RunningJobAsync();
        await Api.FailAsync(failed, "x");
        await AssertLostAsync(failed, "failed");
        var queued = await Api.NewJobAsync();
        await AssertLostAsync(queued, "queued");
        var cancelled = await Api.NewJobAsync();
        await Api.CancelAsync(cancelled);
        await AssertLostAsync(cancelled, "cancelled");
    }

    [Fact]
    public async Task OlderAttemptIsFencedOff()
    {
        await Api.NewJobAsync();
        var first = await Api.TakeAsync("X-Worker-Id: ada");
        await Api.DoAsync(first.Id(), "release", null, first.Fence());
        var second = await Api.TakeAsync("X-Worker-Id: ada");
        Assert.Equal((first.Id(), 2), (second.Id(), second.Number("attempt")));
        (await Api.FinishAsync(first.Id(), "stale", first.Fence(), "X-Worker-Id: ada")).IsRefused(409);
        (await Api.FinishAsync(second.Id(), "fresh", second.Fence())).IsExactly(200, Done);
        (await Api.FinishAsync(first.Id(), "stale", first.Fence())).IsRefused(409);
        Assert.Equal("fresh", (await Api.JobAsync(first.Id())).Text("result"));
    }

    [Fact]
    public async Task RightTokenMayRepeatItsOutcome()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        (await Api.FinishAsync(job.Id(), "pong", job.Fence())).IsExactly(200, Done);
        (await Api.FinishAsync(job.Id(), "pong", job.Fence())).IsExactly(200, Done);
        (await Api.FailAsync(job.Id(), "late", job.Fence())).IsExactly(200, """{"ok":true,"status":"done","note":"already done; fail ignored"}""");
    }

    [Fact]
    public async Task RightTokenCountsMoreThanTheName()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync("X-Worker-Id: ada");
        (await Api.FinishAsync(job.Id(), "pong", job.Fence(), "X-Worker-Id: bob")).IsExactly(200, Done);
    }

    /// <summary>The Python broker lets any worker finish any job.</summary>
    [Fact]
    public async Task AnotherNamedWorkerWithoutATokenIsRefused()
    {
        var id = await RunningJobAsync("X-Worker-Id: ada");
        foreach (var verb in Verbs)
        {
            var answer = (await Api.DoAsync(id, verb, """{"result":"x","error":"x"}""", "X-Worker-Id: bob")).IsRefused(409);
            Assert.Equal(("wrong_worker", "running"), (answer["code"].GetString(), answer["state"].GetString()));
        }
        var job = await Api.JobAsync(id);
        Assert.Equal(("running", "ada"), (job.Text("status"), job.Text("worker_id")));
        (await Api.FinishAsync(id, "pong", "X-Worker-Id: ada")).IsExactly(200, Done);
    }

    [Fact]
    public async Task HeartbeatRenewsTheLease()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        var answer = (await Api.DoAsync(job.Id(), "heartbeat", null, job.Fence())).Is(200);
        answer.Json.HasKeys("ok", "status", "lease_until", "lease_seconds", "cancel_requested");
        Assert.True(answer["ok"].GetBoolean());
        Assert.Equal("running", answer["status"].GetString());
        Assert.InRange(answer["lease_until"].GetInt32(), job.Number("lease_until"), int.MaxValue);
        Assert.Equal(600, answer["lease_seconds"].GetDouble());
        Assert.False(answer["cancel_requested"].GetBoolean());
        Assert.Equal(answer["lease_until"].GetInt32(), (await Api.JobAsync(job.Id())).Number("lease_until"));
    }

    [Fact]
    public async Task HeartbeatNeedsARunningJob()
    {
        var id = await Api.NewJobAsync();
        (await Api.DoAsync(id, "heartbeat", null)).IsRefused(409);
        await Api.TakeAsync();
        await Api.FinishAsync(id, "pong");
        (await Api.DoAsync(id, "heartbeat", null)).IsRefused(409);
    }

    [Fact]
    public async Task RepeatedReleaseIsNoError()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        (await Api.DoAsync(job.Id(), "release", null, job.Fence())).IsExactly(200, """{"ok":true,"status":"queued"}""");
        (await Api.DoAsync(job.Id(), "release", null, job.Fence())).IsExactly(200, """{"ok":true,"status":"queued"}""");
        (await Api.FinishAsync(job.Id(), "done after all", job.Fence())).Is(200);
        (await Api.DoAsync(job.Id(), "release", null, job.Fence())).Is(200);
        Assert.Equal("done", (await Api.JobAsync(job.Id())).Text("status"));
    }

    [Fact]
    public async Task NobodyInParticularSaysNothingOfAJobThatIsBackInItsQueue()
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "release", null)).Is(200);
        foreach (var verb in Verbs)
        {
            var answer = (await Api.DoAsync(id, verb, """{"result":"x","error":"x"}""")).IsRefused(409);
            Assert.Equal(("not_running", "queued"), (answer["code"].GetString(), answer["state"].GetString()));
        }
        Assert.Equal(id, (await Api.TakeAsync()).Id());
        (await Api.FailAsync(id, "x")).Is(200);
    }

    [Fact]
    public async Task ReleasedJobGoesToItsOldPlaceAndLooksNew()
    {
        var first = await Api.NewJobAsync();
        var second = await Api.NewJobAsync();
        var claimed = await Api.TakeAsync("X-Worker-Id: ada");
        (await Api.DoAsync(first, "release", null, claimed.Fence())).IsExactly(200, """{"ok":true,"status":"queued"}""");
        var job = await Api.JobAsync(first);
        Assert.Equal(("queued", 1, 0, 0), (job.Text("status"), job.Number("attempt"), job.Number("failures"), job.Number("lost_leases")));
        Assert.All(["started_at", "finished_at", "lease_until", "worker_id", "result", "error"], name => Assert.True(job.IsNull(name), name));
        Assert.Equal(first, (await Api.TakeAsync()).Id());
        Assert.Equal(second, (await Api.TakeAsync()).Id());
    }

    private async Task AssertLostAsync(string id, string state)
    {
        var before = await Api.ReadAsync(id);
        foreach (var verb in Verbs)
        {
            var answer = (await Api.DoAsync(id, verb, """{"result":"x","error":"x"}""", "X-Lease-Token: 0123456789abcdef0123456789abcdef")).IsRefused(409);
            Assert.Equal(("lease_lost", state), (answer["code"].GetString(), answer["state"].GetString()));
        }
        Assert.Equal(before.Text, (await Api.ReadAsync(id)).Text);
    }
}
