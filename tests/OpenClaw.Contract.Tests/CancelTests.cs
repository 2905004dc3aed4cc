using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>A person stops a job.</summary>
public class CancelTests(TestedBroker broker) : ContractTest(broker)
{
    [Fact]
    public async Task QueuedJobIsCancelledAtOnce()
    {
        var id = await Api.NewJobAsync();
        (await Api.CancelAsync(id)).IsExactly(200, """{"ok":true,"status":"failed","cancel_requested":false}""");
        var job = await Api.JobAsync(id);
        Assert.Equal(("failed", "cancelled"), (job.Text("status"), job.Text("state")));
        Assert.StartsWith("cancelled", job.Text("error"), StringComparison.Ordinal);
        Assert.False(job.IsNull("finished_at"));
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task ReasonIsKept()
    {
        var id = await Api.NewJobAsync();
        (await Api.CancelAsync(id, """{"reason":"typed the wrong thing"}""")).Is(200);
        Assert.Matches("^cancelled.*typed the wrong thing", (await Api.JobAsync(id)).Text("error"));
    }

    [Fact]
    public async Task CancelledJobIsPassedOver()
    {
        var first = await Api.NewJobAsync();
        var second = await Api.NewJobAsync();
        await Api.CancelAsync(first);
        Assert.Equal(second, (await Api.TakeAsync()).Id());
    }

    [Fact]
    public async Task WorkerIsToldInItsNextHeartbeat()
    {
        var job = await CancelledWhileRunningAsync();
        Assert.True((await Api.DoAsync(job.Id(), "heartbeat", null, job.Fence())).Is(200)["cancel_requested"].GetBoolean());
        var read = await Api.JobAsync(job.Id());
        Assert.Equal(("running", true), (read.Text("status"), read.GetProperty("cancel_requested").GetBoolean()));
    }

    [Theory]
    [InlineData("fail")]
    [InlineData("release")]
    public async Task JobIsCancelledWhenTheWorkerGivesUp(string verb)
    {
        var job = await CancelledWhileRunningAsync();
        var answer = (await Api.DoAsync(job.Id(), verb, "{}", job.Fence())).Is(200);
        Assert.Equal("failed", answer["status"].GetString());
        Assert.Equal(("failed", "cancelled"), ((await Api.JobAsync(job.Id())).Text("status"), (await Api.JobAsync(job.Id())).Text("state")));
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task ResultThatStillComesIsKept()
    {
        var job = await CancelledWhileRunningAsync();
        (await Api.FinishAsync(job.Id(), "pong", job.Fence())).IsExactly(200, """{"ok":true,"status":"done"}""");
        Assert.Equal(("done", "pong"), ((await Api.JobAsync(job.Id())).Text("state"), (await Api.JobAsync(job.Id())).Text("result")));
    }

    [Fact]
    public async Task EndedJobStaysAsItIs()
    {
        var id = await RunningJobAsync();
        await Api.FinishAsync(id, "pong");
        var answer = (await Api.CancelAsync(id)).Is(200);
        answer.Json.HasKeys("ok", "status", "cancel_requested", "note");
        Assert.Equal(("done", false), (answer["status"].GetString(), answer["cancel_requested"].GetBoolean()));
        Assert.Equal("done", (await Api.JobAsync(id)).Text("status"));
    }

    [Fact]
    public async Task RepeatedCancelAnswersAsTheFirst()
    {
        var id = await Api.NewJobAsync();
        await Api.CancelAsync(id);
        var before = await Api.ReadAsync(id);
        Assert.Equal("failed", (await Api.CancelAsync(id, """{"reason":"again"}""")).Is(200)["status"].GetString());
        Assert.Equal(before.Text, (await Api.ReadAsync(id)).Text);
    }

    [Fact]
    public async Task CancelNeedsTheBotTokenAndAJob()
    {
        var id = await Api.NewJobAsync();
        (await Api.PostAsync($"/jobs/{id}/cancel", null, Api.Worker)).IsRefused(403);
        (await Api.CancelAsync(Guid.NewGuid().ToString())).IsRefused(404, "job not found");
        (await Api.CancelAsync(id, """{"reason":5}""")).IsInvalid("body.reason");
        Assert.Equal("queued", (await Api.JobAsync(id)).Text("status"));
    }

    [Fact]
    public async Task OfAClaimAndACancelAtOnceTheJobEndsOnce()
    {
        for (var round = 0; round < 20; round++)
        {
            var id = await Api.NewJobAsync();
            var claim = Api.ClaimAsync();
            var cancel = (await Api.CancelAsync(id)).Is(200);
            if ((await claim).Job is { } job)
            {
                Assert.True(cancel["cancel_requested"].GetBoolean());
                (await Api.FailAsync(id, "stopped", job.Fence())).Is(200);
            }
            Assert.Equal("cancelled", (await Api.JobAsync(id)).Text("state"));
        }
    }

    private async Task<System.Text.Json.JsonElement> CancelledWhileRunningAsync()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        (await Api.CancelAsync(job.Id())).IsExactly(200, """{"ok":true,"status":"running","cancel_requested":true}""");
        return job;
    }
}
