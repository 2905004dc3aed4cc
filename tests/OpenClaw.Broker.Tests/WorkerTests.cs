using System.Net;
using OpenClaw.Broker.Jobs;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>What workers may count on, over real HTTP with the test's clock.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task LongJobOfWorkersWithoutTokensIsDoneByTheFirstWhoFinishes()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        await broker.ClaimAsync("anna");
        await broker.AdvanceUntilAsync(broker.Lease, id, job => job.Status == JobStatuses.Queued);
        Assert.Equal(2, (await broker.ClaimSoonAsync("bert")).Attempt);
        broker.Clock.Advance(broker.Lease / 2);
        using (var stranger = await broker.PostAsync($"jobs/{id}/result", null, "carl",
            new { result = "never held it" })) Assert.Equal(HttpStatusCode.Conflict, stranger.StatusCode);
        using (var failure = await broker.PostAsync($"jobs/{id}/fail", null, "anna",
            new { error = "not hers any more" })) Assert.Equal(HttpStatusCode.Conflict, failure.StatusCode);
        using (var first = await broker.PostAsync($"jobs/{id}/result", null, "anna", new { result = "annas" })) Assert.Equal(HttpStatusCode.OK,
            first.StatusCode);
        using (var second = await broker.PostAsync($"jobs/{id}/result", null, "bert", new { result = "berts" })) Assert.Equal(HttpStatusCode.OK,
            second.StatusCode);
        var done = await broker.GetAsync(id);
        Assert.Equal((JobStatuses.Done, "annas", 2, 1), (done.Status, done.Result, done.Attempt, done.LostLeases));
        Assert.Null(await broker.ClaimAsync("carl"));
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
