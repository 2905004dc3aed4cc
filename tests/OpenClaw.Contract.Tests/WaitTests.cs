using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Long polls: of a worker for a job, of a bot for a job's end.</summary>
public class WaitTests(TestedBroker broker) : ContractTest(broker)
{
    [Fact]
    public async Task PollAnswersWhenAJobComes()
    {
        var poll = Api.PollAsync(60);
        await Api.GetAsync("/health");
        Assert.False(poll.IsCompleted);
        var id = await Api.NewJobAsync();
        Assert.Equal(id, (await poll).Job!.Value.Id());
    }

    [Fact]
    public async Task EachOfManyPollsGetsOneOfManyJobs()
    {
        var polls = Enumerable.Range(0, 10).Select(_ => Api.PollAsync(60)).ToList();
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Api.NewJobAsync()));
        var answers = await Task.WhenAll(polls);
        Assert.Equal(ids.Order(), answers.Select(a => a.Job!.Value.Id()).Order());
    }

    [Fact]
    public async Task PollTakesAWaitingJobAtOnce()
    {
        var id = await Api.NewJobAsync();
        Assert.Equal(id, (await Api.PollAsync(60)).Job!.Value.Id());
    }

    [Fact]
    public async Task PollAnswersWhenAJobIsReleased()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync();
        var poll = Api.PollAsync(60);
        await Api.DoAsync(job.Id(), "release", null, job.Fence());
        Assert.Equal(2, (await poll).Job!.Value.Number("attempt"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task PollEndsEmptyWhenItsTimeIsOver(string wait) =>
        (await Api.GetAsync("/jobs/next?wait=" + wait, Api.Worker)).IsExactly(200, """{"job":null}""");

    [Theory]
    [InlineData("-1")]
    [InlineData("61")]
    [InlineData("x")]
    [InlineData("1e9")]
    public async Task WaitIsFrom0To60(string wait)
    {
        var id = await Api.NewJobAsync();
        (await Api.GetAsync("/jobs/next?wait=" + wait, Api.Worker)).IsInvalid("query.wait");
        (await Api.ReadAsync(id, "?wait=" + wait)).IsInvalid("query.wait");
        Assert.Equal("queued", (await Api.JobAsync(id)).Text("status"));
    }

    [Fact]
    public async Task PollWhoseClientHasGoneSwallowsNoJob()
    {
        for (var round = 0; round < 10; round++)
        {
            using (var gone = await ConnectAsync())
            {
                await gone.SendAsync(RawConnection.Head("GET /jobs/next?wait=60", "Host: x", Api.Worker, "X-Worker-Id: gone"));
                await Api.GetAsync("/health");
            }
            var id = await Api.NewJobAsync();
            Assert.Equal(id, (await Api.PollAsync(60, "X-Worker-Id: here")).Job!.Value.Id());
            await Api.FinishAsync(id, "pong");
        }
    }

    [Fact]
    public async Task ReaderIsToldWhenTheJobEnds()
    {
        var id = await RunningJobAsync();
        var waiting = Api.JobAsync(id, "?wait=60");
        await Api.GetAsync("/health");
        Assert.False(waiting.IsCompleted);
        await Api.FinishAsync(id, "pong");
        Assert.Equal(("done", "pong"), ((await waiting).Text("status"), (await waiting).Text("result")));
    }

    [Theory]
    [InlineData("fail")]
    [InlineData("cancel")]
    public async Task ReaderIsToldOfAQueuedJobsEnd(string verb)
    {
        var id = await Api.NewJobAsync();
        var waiting = Api.JobAsync(id, "?wait=60");
        await Api.PostAsync($"/jobs/{id}/{verb}", "{}", Api.Bot, Api.Worker);
        Assert.Equal("failed", (await waiting).Text("status"));
    }

    [Fact]
    public async Task ReaderOfAnEndedJobDoesNotWait()
    {
        var id = await RunningJobAsync();
        await Api.FinishAsync(id, "pong");
        Assert.Equal("done", (await Api.JobAsync(id, "?wait=60")).Text("status"));
    }

    [Fact]
    public async Task ReaderGetsTheJobAsItIsWhenTimeIsOver()
    {
        var id = await RunningJobAsync();
        Assert.Equal("running", (await Api.JobAsync(id, "?wait=1")).Text("status"));
    }

    [Fact]
    public async Task ReaderOfNoJobDoesNotWait() => (await Api.ReadAsync(Guid.NewGuid().ToString(), "?wait=60")).IsRefused(404);
}
