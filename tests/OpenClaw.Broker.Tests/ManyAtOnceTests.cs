using System.Net;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>Many claims and many ends in one request.</summary>
public sealed class ManyAtOnceTests
{
    [Fact]
    public async Task ManyAreClaimedInOrderAndTheSameIdGivesThoseThatStillRun()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var ids = new List<string>();
        for (var n = 0; n < 5; n++) ids.Add(await broker.CreateAsync($"{n}"));
        var anna = broker.Client("anna");
        var claimed = await anna.ClaimManyAsync("c", 3, TimeSpan.Zero);
        Assert.Equal(ids[..3], claimed.Select(static j => j.Id));
        Assert.Equal(["0", "1", "2"], claimed.Select(static j => j.Payload));
        Assert.Equal(3, claimed.Select(static j => j.LeaseToken).Distinct().Count());
        var again = await anna.ClaimManyAsync("c", 3, TimeSpan.Zero);
        Assert.Equal(claimed.Select(static j => (j.Id, j.LeaseToken, j.Attempt)), again.Select(static j => (j.Id, j.LeaseToken, j.Attempt)));
        await anna.FinishAsync(claimed[1].Id, claimed[1].LeaseToken, "r");
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Equal([ids[0], ids[2]], (await broker.Client("anna").ClaimManyAsync("c", 3, TimeSpan.Zero)).Select(static j => j.Id));
        Assert.Equal(ids[3..], (await broker.Client("anna").ClaimManyAsync("d", 100, TimeSpan.Zero)).Select(static j => j.Id));
        Assert.Empty(await broker.Client("anna").ClaimManyAsync("e", 100, TimeSpan.Zero));
    }

    [Fact]
    public async Task WhoWaitsForManyGetsTheFirstThatComes()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var waits = broker.Client("anna").ClaimManyAsync("c", 10, TimeSpan.FromSeconds(60));
        var id = await broker.CreateAsync();
        Assert.Equal(id, Assert.Single(await waits).Id);
    }

    /// <summary>The same claim, sent twice at once, is one.</summary>
    [Fact]
    public async Task ClaimSentTwiceAtOnceIsOne()
    {
        await using var broker = await BrokerFixture.StartAsync();
        for (var round = 0; round < 10; round++)
        {
            for (var n = 0; n < 8; n++) await broker.CreateAsync();
            var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => broker.Client("anna").ClaimManyAsync($"c{round}", 4, TimeSpan.Zero)));
            var running = await broker.Store.FindClaimAsync($"c{round}", "anna");
            Assert.InRange(running.Count, 1, 4);
            Assert.All(both.SelectMany(static answer => answer), job => Assert.Contains(Guid.Parse(job.Id), running));
            var ends = running.Select(id => broker.Store.FindAsync(id).AsTask()).ToList();
            foreach (var job in await Task.WhenAll(ends)) await broker.Client("anna").FinishAsync(job!.Id.ToString(), job.LeaseToken, "r");
            using var rest = await broker.BotAsync("jobs/cancel", new { filter = new { } });
        }
    }

    [Fact]
    public async Task ManyEndAtOnceEachWithItsOutcome()
    {
        await using var broker = await BrokerFixture.StartAsync();
        for (var n = 0; n < 4; n++) await broker.CreateAsync($"{n}");
        var anna = broker.Client("anna");
        var jobs = await anna.ClaimManyAsync("c", 4, TimeSpan.Zero);
        await broker.Client().CancelAsync(jobs[3].Id);
        await anna.FailAsync(jobs[3].Id, jobs[3].LeaseToken, "e");
        JobEnd[] ends =
        [
            new(jobs[0].Id, jobs[0].LeaseToken!) { Result = "done" }, new(jobs[1].Id, jobs[1].LeaseToken!) { Error = "broken" },
            new(jobs[2].Id, "of another") { Result = "stale" }, new(jobs[3].Id, jobs[3].LeaseToken!) { Result = "late" },
            new("00000000-0000-4000-8000-000000000000", "t") { Result = "nobody's" },
        ];
        var outcomes = await anna.EndManyAsync(ends);
        Assert.Equal(ends.Select(static e => e.Id), outcomes.Select(static o => o.Id));
        Assert.Equal([(true, "done"), (true, "failed"), (false, null), (true, "failed"), (false, null)], outcomes.Select(static o => (o.Ok, o.Status)));
        Assert.Equal(("lease_lost", "already failed; result ignored", "not_found"), (outcomes[2].Error!.Code, outcomes[3].Note, outcomes[4].Error!.Code));
        Assert.Equal(("done", "broken"), ((await broker.GetAsync(jobs[0].Id)).Result, (await broker.GetAsync(jobs[1].Id)).Error));
        Assert.Equal(JobStatuses.Running, (await broker.GetAsync(jobs[2].Id)).Status);
        outcomes = await anna.EndManyAsync(ends); // again: the same
        Assert.Equal([true, true, false, true, false], outcomes.Select(static o => o.Ok));
    }

    [Theory]
    [InlineData("""{"results": []}""")]
    [InlineData("""{"results": {}}""")]
    [InlineData("{}")]
    public async Task WrongListIsRefusedWhole(string body)
    {
        await using var broker = await BrokerFixture.StartAsync();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Caller.Worker(broker).PostAsync("jobs/results", body)).Status);
    }

    [Fact]
    public async Task WrongEntryIsRefusedByItself()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var job = (await broker.ClaimAsync("anna"))!;
        var answer = await Caller.Worker(broker).PostAsync("jobs/results", $$"""
            {"results": [5, {"id": "{{id}}"}, {"id": "{{id}}", "lease_token": "{{job.LeaseToken}}", "result": "r", "error": "e"},
              {"id": "{{id}}", "lease_token": "{{job.LeaseToken}}"}, {"id": "{{id}}", "lease_token": "{{job.LeaseToken}}", "result": "r"}]}
            """);
        var results = answer.Json["results"]!.AsArray();
        Assert.Equal(["invalid", "invalid", "invalid", "invalid", null], results.Select(static r => (string?)r!["error"]?["code"]));
        Assert.Equal("done", (string)results[4]!["status"]!);
        foreach (var wrong in (string[])["0", "101", "x", "-1"])
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Caller.Worker(broker).GetAsync($"jobs/next?max={wrong}")).Status);
        }
    }
}
