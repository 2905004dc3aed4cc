using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>A person wants a job gone.</summary>
public class DeleteTests(TestedBroker broker) : ContractTest(broker)
{
    [Fact]
    public async Task EndedJobIsGone()
    {
        var id = await RunningJobAsync();
        await Api.FinishAsync(id, "pong");
        (await DeleteAsync(id)).IsExactly(200, $$"""{"ok":true,"id":"{{id}}"}""");
        (await Api.ReadAsync(id)).IsRefused(404, "job not found");
        Assert.DoesNotContain(id, (await Api.GetAsync("/jobs?limit=200", Api.Bot)).Text, StringComparison.Ordinal);
        (await DeleteAsync(id)).IsRefused(404, "job not found");
    }

    [Theory]
    [InlineData("queued")]
    [InlineData("running")]
    public async Task UnfinishedJobIsKeptAndSaysSo(string state)
    {
        var id = state == "queued" ? await Api.NewJobAsync() : await RunningJobAsync();
        var refused = (await DeleteAsync(id)).IsRefused(409);
        Assert.Equal(("not_ended", state), (refused["code"].GetString(), refused["state"].GetString()));
        Assert.Contains("cancel it first", refused["detail"].GetString(), StringComparison.Ordinal);
        Assert.Equal(state, (await Api.JobAsync(id)).Text("state"));
    }

    [Fact]
    public async Task NothingBringsItBack()
    {
        await Api.NewJobAsync();
        var job = await Api.TakeAsync("X-Worker-Id: anna", "X-Claim-Id: claim-of-a-deleted-job");
        await Api.FailAsync(job.Id(), "broken", job.Fence());
        (await DeleteAsync(job.Id())).Is(200);
        foreach (var verb in (string[])["result", "fail", "heartbeat", "release"])
        {
            (await Api.DoAsync(job.Id(), verb, """{"result":"late"}""", job.Fence())).IsRefused(404, "job not found");
        }
        (await Api.CancelAsync(job.Id())).IsRefused(404, "job not found");
        (await Api.ClaimAsync("X-Worker-Id: anna", "X-Claim-Id: claim-of-a-deleted-job")).IsExactly(200, """{"job":null}""");
        (await Api.ReadAsync(job.Id(), "?wait=60")).IsRefused(404, "job not found");
    }

    [Fact]
    public async Task ItsIdempotencyKeyIsFree()
    {
        const string Key = "Idempotency-Key: key-of-a-deleted-job";
        var first = (await Api.CreateAsync("ping", "x", Key)).Is(200).Json.Id();
        await Api.CancelAsync(first);
        (await DeleteAsync(first)).Is(200);
        var second = (await Api.CreateAsync("ping", "another body", Key)).Is(200).Json.Id();
        Assert.NotEqual(first, second);
        Assert.Equal(second, (await Api.CreateAsync("ping", "another body", Key)).Is(200).Json.Id());
    }

    [Fact]
    public async Task OnlyTheBotsTokenDeletes()
    {
        var id = await RunningJobAsync();
        await Api.FinishAsync(id, "pong");
        (await Api.SendAsync(HttpMethod.Delete, $"/jobs/{id}", null, Api.Worker)).IsRefused(403);
        (await Api.SendAsync(HttpMethod.Delete, $"/jobs/{id}", null)).IsRefused(401, "bad bot token");
        Assert.Equal("done", (await Api.JobAsync(id)).Text("state"));
        (await DeleteAsync("no-id")).IsRefused(404, "job not found");
        (await DeleteAsync(id.ToUpperInvariant())).IsRefused(404, "job not found");
    }

    [Fact]
    public async Task OfAnEndAndADeletionAtOnceBothHoldOrTheDeletionIsRefused()
    {
        for (var round = 0; round < 20; round++)
        {
            var id = await RunningJobAsync();
            var finish = Api.FinishAsync(id, "pong");
            var deletion = await DeleteAsync(id);
            (await finish).Is(200);
            Assert.Contains(deletion.Status, new[] { 200, 409 });
            (await Api.ReadAsync(id)).Is(deletion.Status == 200 ? 404 : 200);
        }
    }

    private Task<Answer> DeleteAsync(string id) => Api.SendAsync(HttpMethod.Delete, $"/jobs/{id}", null, Api.Bot);
}
