using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>The same <c>X-Claim-Id</c> again gives the same claim again.</summary>
public class ClaimIdTests(TestedBroker broker) : ContractTest(broker)
{
    private readonly string claim = $"X-Claim-Id: {Guid.NewGuid()}";

    [Fact]
    public async Task RepeatedClaimGivesTheSameAttempt()
    {
        await Api.NewJobAsync();
        await Api.NewJobAsync();
        var first = await Api.TakeAsync("X-Worker-Id: ada", claim);
        var again = await Api.TakeAsync("X-Worker-Id: ada", claim);
        Assert.Equal((first.Id(), 1, first.Text("lease_token")), (again.Id(), again.Number("attempt"), again.Text("lease_token")));
        Assert.InRange(again.Number("lease_until"), first.Number("lease_until"), int.MaxValue);
        (await Api.FinishAsync(again.Id(), "pong", again.Fence())).Is(200);
    }

    [Fact]
    public async Task ClaimsOfOneIdAtOnceTakeOneJob()
    {
        await Api.NewJobAsync();
        await Api.NewJobAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Api.ClaimAsync("X-Worker-Id: ada", claim)));
        var tokens = answers.Where(a => a.Job is not null).Select(a => a.Job!.Value.Text("lease_token")).Distinct();
        Assert.Single(tokens);
        Assert.NotNull((await Api.ClaimAsync("X-Worker-Id: bob")).Job);
        Assert.Null((await Api.ClaimAsync("X-Worker-Id: bob")).Job);
    }

    [Fact]
    public async Task IdBelongsToItsWorker()
    {
        await Api.NewJobAsync();
        await Api.NewJobAsync();
        var ada = await Api.TakeAsync("X-Worker-Id: ada", claim);
        var bob = await Api.TakeAsync("X-Worker-Id: bob", claim);
        Assert.NotEqual(ada.Id(), bob.Id());
    }

    [Fact]
    public async Task AfterTheEndTheIdClaimsAnew()
    {
        await Api.NewJobAsync();
        var first = await Api.TakeAsync(claim);
        await Api.FinishAsync(first.Id(), "pong", first.Fence());
        (await Api.ClaimAsync(claim)).IsExactly(200, """{"job":null}""");
        var second = await Api.NewJobAsync();
        Assert.Equal(second, (await Api.TakeAsync(claim)).Id());
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("ü")]
    public async Task MalformedClaimIdIsABadRequest(string id)
    {
        await Api.NewJobAsync();
        (await SendRawAsync(RawConnection.Head("GET /jobs/next", "Host: x", Api.Worker, $"X-Claim-Id: {id}"))).Is(400);
        Assert.NotNull((await Api.ClaimAsync()).Job);
    }

    [Fact]
    public async Task LongClaimIdIsABadRequest()
    {
        (await Api.ClaimAsync($"X-Claim-Id: {new string('x', 128)}")).Is(200);
        (await Api.ClaimAsync($"X-Claim-Id: {new string('x', 129)}")).IsRefused(400);
    }
}
