using System.Text.Json;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>A job goes to a worker that can do it, and delays nobody else.</summary>
public class CapabilityTests(TestedBroker broker) : ContractTest(broker)
{
    /// <summary>Every capability that a test here uses, so that nothing is left over.</summary>
    private const string All = "X-Worker-Caps: gpu,disk,net,a.b:c_d-9,missing";

    public override async Task InitializeAsync()
    {
        while ((await Api.ClaimAsync(All)).Job is { } left) await Api.FailAsync(left.Id(), "left over by a test");
    }

    [Fact]
    public async Task JobWaitsForAWorkerThatHasAllItNeeds()
    {
        var id = await Api.NewJobNeedingAsync("x", "gpu", "disk");
        Assert.Null((await Api.ClaimAsync()).Job);
        Assert.Null((await Api.ClaimAsync("X-Worker-Caps: gpu")).Job);
        Assert.Null((await Api.ClaimAsync("X-Worker-Caps: GPU,DISK")).Job);
        var job = await Api.TakeAsync("X-Worker-Caps: net, disk ,gpu");
        Assert.Equal(id, job.Id());
        Assert.Equal("""{"caps":["gpu","disk"]}""", job.Text("requires"));
        Assert.Equal(["disk", "gpu"], job.GetProperty("caps").EnumerateArray().Select(c => c.GetString()));
    }

    [Theory]
    [InlineData("gpu,disk")]
    [InlineData(" gpu , disk ")]
    [InlineData("""["gpu","disk"]""")]
    [InlineData("""[ "disk", "gpu", "net" ]""")]
    public async Task CapabilitiesAreAListOrAJsonArray(string caps)
    {
        var id = await Api.NewJobNeedingAsync("x", "gpu", "disk");
        Assert.Equal(id, (await Api.TakeAsync("X-Worker-Caps: " + caps)).Id());
    }

    [Theory]
    [InlineData("""["gpu""")]
    [InlineData("[5]")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task MalformedCapabilitiesAreABadRequest(string caps)
    {
        await Api.NewJobAsync();
        (await Api.ClaimAsync("X-Worker-Caps: " + caps)).IsRefused(400);
        Assert.NotNull((await Api.ClaimAsync()).Job);
    }

    [Fact]
    public async Task CapabilitiesAreAtMost64()
    {
        (await Api.ClaimAsync("X-Worker-Caps: " + string.Join(',', Enumerable.Range(0, 64).Select(i => $"c{i}")))).Is(200);
        (await Api.ClaimAsync("X-Worker-Caps: " + string.Join(',', Enumerable.Range(0, 65).Select(i => $"c{i}")))).IsRefused(400);
    }

    [Fact]
    public async Task OrderHoldsOverAllTheWorkersLanes()
    {
        var plain = await Api.NewJobAsync();
        var gpu = await Api.NewJobNeedingAsync("x", "gpu");
        var disk = await Api.NewJobNeedingAsync("x", "disk");
        var last = await Api.NewJobAsync();
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Add((await Api.TakeAsync("X-Worker-Caps: gpu")).Id());
        Assert.Equal([plain, gpu, last], ids);
        Assert.Equal(disk, (await Api.TakeAsync("X-Worker-Caps: disk,gpu")).Id());
    }

    [Theory]
    [InlineData("""{"caps":["gpu"]}""", """{"caps":["gpu"]}""")]
    [InlineData("""{ "caps" : ["gpu"],"more":1}""", """{ "caps" : ["gpu"],"more":1}""")]
    [InlineData("\"{\\\"caps\\\":[\\\"gpu\\\"]}\"", """{"caps":["gpu"]}""")]
    [InlineData("""{"caps":[" gpu ","",null]}""", """{"caps":[" gpu ","",null]}""")]
    public async Task RequiresIsAnObjectOrAStringOfItAndIsShownAsItWasSent(string requires, string shown)
    {
        (await CreateAsync(requires)).Is(200);
        Assert.Null((await Api.ClaimAsync()).Job);
        var job = await Api.TakeAsync("X-Worker-Caps: gpu");
        Assert.Equal(shown, job.Text("requires"));
        Assert.Equal("gpu", Assert.Single(job.GetProperty("caps").EnumerateArray()).GetString());
    }

    /// <summary>What can't be understood as a list of names requires nothing; the Python broker fell over some of these.</summary>
    [Theory]
    [InlineData("null")]
    [InlineData("""{"caps":[]}""")]
    [InlineData("[]")]
    [InlineData("\"gpu\"")]
    [InlineData("5")]
    [InlineData("""{"caps":"gpu"}""")]
    [InlineData("""{"caps":[null," "]}""")]
    [InlineData("""{"caps":["\ud800"]}""")]
    public async Task RequiringNothingIsForEverybody(string requires)
    {
        (await CreateAsync(requires)).Is(200);
        Assert.NotNull((await Api.ClaimAsync()).Job);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"[]\"")]
    [InlineData("\"\"")]
    [InlineData("\"gpu\"")]
    [InlineData("\"{\"")]
    [InlineData("5")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("""{"caps":"gpu"}""")]
    [InlineData("""{"caps":{}}""")]
    [InlineData("""{"caps":[null]}""")]
    [InlineData("""{"caps":null}""")]
    [InlineData("""{"Caps":["gpu"]}""")]
    public async Task RequiresThatCannotBeUnderstoodRequiresNothing(string requires)
    {
        (await CreateAsync(requires)).Is(200);
        var job = await Api.TakeAsync();
        Assert.Equal(requires[0] == '"' ? JsonSerializer.Deserialize<string>(requires) : requires, job.Text("requires"));
        Assert.Equal(0, job.GetProperty("caps").GetArrayLength());
    }

    [Fact]
    public async Task RequiresOfMoreThan2048BytesIsInvalid()
    {
        (await CreateAsync($$"""{"caps":["{{new string('x', 2048 - 13)}}"]}""")).Is(200);
        var answer = (await CreateAsync($$"""{"caps":["{{new string('x', 2049 - 13)}}"]}""")).Is(422);
        Assert.All(answer["detail"].EnumerateArray(), e => Assert.Equal("requires", e.GetProperty("loc")[1].GetString()));
    }

    [Fact]
    public async Task WorkersNamesAreCountedInBytes() =>
        (await Api.ClaimAsync($"""X-Worker-Caps: ["{string.Concat(Enumerable.Repeat("\\u00fc", 33))}"]""")).IsRefused(400);

    [Fact]
    public async Task PollIsWokenByAJobItsWorkerCanDo()
    {
        var poll = Api.PollAsync(60, "X-Worker-Caps: disk");
        var other = await Api.NewJobNeedingAsync("x", "gpu");
        await Api.GetAsync("/health");
        Assert.False(poll.IsCompleted);
        var mine = await Api.NewJobNeedingAsync("x", "disk");
        Assert.Equal(mine, (await poll).Job!.Value.Id());
        Assert.Equal(other, (await Api.TakeAsync("X-Worker-Caps: gpu")).Id());
    }

    private Task<Answer> CreateAsync(string requires) => Api.CreateFromAsync($$"""{"command":"ping","payload":"x","requires":{{requires}}}""");
}
