using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>The first final outcome stands; what comes later is told so.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class FinishTests(TestedBroker broker) : ContractTest(broker)
{
    private const string NoJob = "00000000-0000-4000-8000-000000000000";
    private const string Done = """{"ok":true,"status":"done"}""";
    private const string Failed = """{"ok":true,"status":"failed"}""";

    [Fact]
    public async Task RepeatedResultAnswersAsTheFirstAndChangesNothing()
    {
        var id = await RunningJobAsync();
        (await Api.FinishAsync(id, "first")).IsExactly(200, Done);
        var before = await Api.ReadAsync(id);
        (await Api.FinishAsync(id, "first")).IsExactly(200, Done);
        (await Api.FinishAsync(id, "second")).IsExactly(200, Done);
        Assert.Equal(before.Text, (await Api.ReadAsync(id)).Text);
    }

    [Fact]
    public async Task RepeatedFailureAnswersAsTheFirstAndChangesNothing()
    {
        var id = await RunningJobAsync();
        (await Api.FailAsync(id, "first")).IsExactly(200, Failed);
        var before = await Api.ReadAsync(id);
        (await Api.FailAsync(id, "second")).IsExactly(200, Failed);
        Assert.Equal(before.Text, (await Api.ReadAsync(id)).Text);
    }

    [Fact]
    public async Task ResultAfterAFailureIsIgnored()
    {
        var id = await RunningJobAsync();
        await Api.FailAsync(id, "broken");
        (await Api.FinishAsync(id, "late")).IsExactly(200, """{"ok":true,"status":"failed","note":"already failed; result ignored"}""");
        var job = await Api.JobAsync(id);
        Assert.Equal(("failed", "broken"), (job.Text("status"), job.Text("error")));
        Assert.True(job.IsNull("result"));
    }

    [Fact]
    public async Task FailureAfterAResultIsIgnored()
    {
        var id = await RunningJobAsync();
        await Api.FinishAsync(id, "pong");
        (await Api.FailAsync(id, "late")).IsExactly(200, """{"ok":true,"status":"done","note":"already done; fail ignored"}""");
        var job = await Api.JobAsync(id);
        Assert.Equal(("done", "pong"), (job.Text("status"), job.Text("result")));
        Assert.True(job.IsNull("error"));
    }

    [Fact]
    public async Task ResultForAQueuedJobIsRefused()
    {
        var id = await Api.NewJobAsync();
        (await Api.FinishAsync(id, "early")).IsRefused(400, "job not in running state: queued");
        Assert.Equal("queued", (await Api.JobAsync(id)).Text("status"));
        Assert.Equal(id, (await Api.TakeAsync()).Id());
    }

    [Fact]
    public async Task FailureOfAQueuedJobFailsItForGood()
    {
        var doomed = await Api.NewJobAsync();
        var next = await Api.NewJobAsync();
        (await Api.FailAsync(doomed, "not wanted")).IsExactly(200, Failed);
        var job = await Api.JobAsync(doomed);
        Assert.Equal(("failed", "not wanted"), (job.Text("status"), job.Text("error")));
        Assert.True(job.IsNull("started_at"));
        Assert.Equal(next, (await Api.TakeAsync()).Id());
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task UnknownJobIsNotFound()
    {
        (await Api.ReadAsync(NoJob)).IsRefused(404, "job not found");
        (await Api.FinishAsync(NoJob, "x")).IsRefused(404, "job not found");
        (await Api.FailAsync(NoJob, "x")).IsRefused(404, "job not found");
    }

    [Fact]
    public async Task WorkerIdIsNotNeededToFinish()
    {
        var id = await RunningJobAsync("X-Worker-Id: ada");
        (await Api.FinishAsync(id, "pong")).IsExactly(200, Done);
        Assert.Equal("ada", (await Api.JobAsync(id)).Text("worker_id"));
    }

    [Fact]
    public async Task WorkerIdIsKeptAfterAFailure()
    {
        var id = await RunningJobAsync("X-Worker-Id: ada");
        await Api.FailAsync(id, "x");
        Assert.Equal("ada", (await Api.JobAsync(id)).Text("worker_id"));
    }

    [Fact]
    public async Task NamedWorkerMayFinishWhatWasClaimedWithoutAName()
    {
        var id = await RunningJobAsync();
        (await Api.FinishAsync(id, "pong", "X-Worker-Id: ada")).IsExactly(200, Done);
    }

    [Theory]
    [InlineData("  ada \t", "ada")]
    [InlineData("a b", "a b")]
    [InlineData("   ", null)]
    [InlineData("", null)]
    [InlineData("null", "null")]
    public async Task WorkerIdIsTrimmed(string sent, string? kept)
    {
        var id = await Api.NewJobAsync();
        var answer = await SendRawAsync(RawConnection.Head("GET /jobs/next", "Host: x", Api.Worker, $"X-Worker-Id: {sent}"));
        Assert.Equal(kept, answer.Job!.Value.Text("worker_id"));
        Assert.Equal(kept, (await Api.JobAsync(id)).Text("worker_id"));
    }

    /// <summary>The Python broker tells both that they won.</summary>
    [Fact]
    [Trait(Traits.Differs, Traits.Python)]
    public async Task OfAResultAndAFailureAtOnceOneWinsAndTheOtherIsTold()
    {
        for (var round = 0; round < 20; round++)
        {
            var id = await RunningJobAsync();
            var result = Api.FinishAsync(id, "pong");
            var failure = Api.FailAsync(id, "broken");
            var (finished, failed) = (await result, await failure);
            var job = await Api.JobAsync(id);
            if (job.Text("status") == "done")
            {
                finished.IsExactly(200, Done);
                failed.IsExactly(200, """{"ok":true,"status":"done","note":"already done; fail ignored"}""");
                Assert.Equal("pong", job.Text("result"));
                Assert.True(job.IsNull("error"));
            }
            else
            {
                failed.IsExactly(200, Failed);
                finished.IsExactly(200, """{"ok":true,"status":"failed","note":"already failed; result ignored"}""");
                Assert.Equal("broken", job.Text("error"));
                Assert.True(job.IsNull("result"));
            }
        }
    }

    [Fact]
    public async Task OfManyResultsAtOnceOneIsKept()
    {
        var id = await RunningJobAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Api.FinishAsync(id, $"result {i}")));
        Assert.All(answers, a => a.IsExactly(200, Done));
        var kept = (await Api.JobAsync(id)).Text("result");
        await Api.FinishAsync(id, "another");
        Assert.Equal(kept, (await Api.JobAsync(id)).Text("result"));
    }
}
