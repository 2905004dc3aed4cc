using System.Net;
using OpenClaw.Broker.Jobs;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>What workers may count on, over real HTTP with the test's clock.</summary>
public sealed class WorkerTests
{
    /// <summary>A job of five seconds with a lease of three.</summary>
    [Fact]
    public async Task LongJobOfWorkersWithoutTokensIsDoneByTheFirstWhoFinishes()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static options => options with { LeaseSeconds = 3 });
        var id = await broker.CreateAsync();
        Assert.Equal(1, (await broker.ClaimAsync("anna"))!.Attempt);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(3), id, job => job.Status == JobStatuses.Queued);
        Assert.Equal(2, (await broker.ClaimSoonAsync("bert")).Attempt);
        Assert.Equal(409, await PostAsync("fail", "anna")); // not hers any more
        broker.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(409, await PostAsync("result", "carl")); // never held it
        Assert.Equal(200, await PostAsync("result", "anna"));
        broker.Clock.Advance(TimeSpan.FromSeconds(3)); // bert's lease is over, too
        Assert.Equal(200, await PostAsync("result", "bert"));
        var done = await broker.GetAsync(id);
        Assert.Equal((JobStatuses.Done, "annas", 2, 1, 0), (done.Status, done.Result, done.Attempt, done.LostLeases, done.Failures));
        Assert.Equal(done.CreatedAt + 5, done.FinishedAt);
        Assert.Null(await broker.ClaimAsync("carl"));

        async Task<int> PostAsync(string verb, string worker)
        {
            using var answer = await broker.PostAsync($"jobs/{id}/{verb}", null, worker, new { result = $"{worker}s", error = "e" });
            return (int)answer.StatusCode;
        }
    }

    [Fact]
    public async Task LongErrorComesBackWholeAndTheRowStaysShort()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        var error = string.Concat(Enumerable.Repeat("é\0😀x", 25_000)); // 200 KiB
        using (var failed = await broker.PostAsync($"jobs/{id}/fail", claim!.LeaseToken, "anna", new { error })) Assert.Equal(HttpStatusCode.OK,
            failed.StatusCode);
        Assert.Equal(error, (await broker.GetAsync(id)).Error);
        Assert.InRange(broker.Query<long>($"select length(error) from job where id = '{id}'"), 1, 4 * JobTable.ShortError);
    }

    [Fact]
    public async Task QueuesAreTakenFromInTheOrderThatTheWorkerNames()
    {
        await using var broker = await BrokerFixture.StartAsync();
        foreach (var queue in (string[])["a", "b", "default"])
        {
            using var created = await broker.BotAsync("jobs", new { command = "ping", payload = queue, queue });
            Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        }
        Assert.Equal("default", (await broker.ClaimAsync())!.Payload);
        Assert.Null(await broker.ClaimAsync());
        Assert.Equal("b", (await broker.ClaimFromAsync("b,a"))!.Payload);
        Assert.Equal("a", (await broker.ClaimFromAsync("b,a"))!.Payload);
        using var refused = await broker.BotAsync("jobs", new { command = "ping", payload = "p", queue = "_ours" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
    }

    [Fact]
    public async Task ClaimSentAgainGivesTheSameAttemptAndLeavesTheOtherJob()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await broker.CreateAsync();
        var other = await broker.CreateAsync();
        var claim = await broker.ClaimFromAsync("default", "anna", "c1");
        var again = await broker.ClaimFromAsync("default", "anna", "c1");
        Assert.Equal((first, 1, claim!.LeaseToken), (again!.Id, again.Attempt, again.LeaseToken));
        Assert.Equal(other, (await broker.ClaimFromAsync("default", "anna", "c2"))!.Id);
    }

    [Fact]
    public async Task UndoneClaimLetsTheAttemptBeforeStillFinish()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var first = await broker.ClaimAsync("anna");
        await broker.AdvanceUntilAsync(broker.Lease, id, job => job.Status == JobStatuses.Queued);
        var grain = broker.Grains.GetGrain<IJobGrain>(Guid.Parse(id));
        var claim = await grain.ApplyAsync(new Claimed(broker.NowMs, broker.NowMs + 60_000, "t", "bert", null));
        var undone = await grain.ApplyAsync(new Undelivered(broker.NowMs, claim!.Job.Version, claim.Before!));
        Assert.Equal((JobState.Queued, 1), (undone!.Job.State, undone.Job.Attempt));
        using var late = await broker.PostAsync($"jobs/{id}/result", first!.LeaseToken, "anna", new { result = "late" });
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
        Assert.Equal("late", (await broker.GetAsync(id)).Result);
    }

    [Fact]
    public async Task HeartbeatsThenSilenceEndTheLeaseWithinASecondOfItsTime()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        for (var beat = 0; beat < 3; beat++)
        {
            broker.Clock.Advance(broker.Lease / 3);
            await broker.Client("anna").HeartbeatAsync(id, claim!.LeaseToken);
        }
        broker.Clock.Advance(TimeSpan.FromMilliseconds(200)); // the last beat's news leave on their own
        await broker.Queue.DescribeAsync();
        broker.Clock.Advance(broker.Lease - TimeSpan.FromMilliseconds(201));
        Assert.Equal(JobStatuses.Running, (await broker.GetAsync(id)).Status);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(1), id, job => job.LostLeases == 1);
    }
}
