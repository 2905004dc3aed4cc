using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Wrong bodies: 422 with one entry for each missing or wrong field.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class BodyTests(TestedBroker broker) : ContractTest(broker)
{
    [Theory]
    [InlineData("{}", "body.command", "body.payload")]
    [InlineData("""{"command":"ping"}""", "body.payload")]
    [InlineData("""{"payload":"x"}""", "body.command")]
    [InlineData("""{"command":null,"payload":"x"}""", "body.command")]
    [InlineData("""{"command":"ping","payload":null}""", "body.payload")]
    [InlineData("""{"command":{"a":1},"payload":["x"]}""", "body.command", "body.payload")]
    [InlineData("""{"command":[],"payload":{}}""", "body.command", "body.payload")]
    [InlineData("""{"Command":"ping","PAYLOAD":"x"}""", "body.command", "body.payload")]
    [InlineData("""{"command":"ping","payload ":"x"}""", "body.payload")]
    public async Task CreateNamesEachWrongField(string body, params string[] places) =>
        (await Api.CreateFromAsync(body)).IsInvalid(places);

    /// <summary>The Python broker turns numbers and booleans into text.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("""{"command":"ping","payload":5}""", "body.payload")]
    [InlineData("""{"command":7,"payload":1.5}""", "body.command", "body.payload")]
    [InlineData("""{"command":true,"payload":false}""", "body.command", "body.payload")]
    public async Task NumbersAndBooleansAreNoText(string body, params string[] places) =>
        (await Api.CreateFromAsync(body)).IsInvalid(places);

    [Theory]
    [InlineData("[]")]
    [InlineData("""["command","payload"]""")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("true")]
    [InlineData("\"command\"")]
    public async Task BodyThatIsNoObjectIsWrongAsAWhole(string body) =>
        (await Api.CreateFromAsync(body)).IsInvalidBody();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("""{"command":"ping","payload":"x""")]
    [InlineData("""{"command":"ping","payload":"x"} trailing""")]
    [InlineData("""{"command":"ping","payload":"x",}""")]
    [InlineData("""{'command':'ping','payload':'x'}""")]
    [InlineData("""{"command":"ping","payload":"x"/* no comment */}""")]
    [InlineData("{\"command\":\"ping\",\"payload\":\"\\x41\"}")]
    [InlineData("not json")]
    public async Task BrokenJsonIsWrongAsAWhole(string body) =>
        (await Api.CreateFromAsync(body)).IsInvalidBody();

    [Theory]
    [InlineData("text/plain", """{"command":"ping","payload":"x"}""")]
    [InlineData("application/x-www-form-urlencoded", "command=ping&payload=x")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\nping\r\n--b--\r\n")]
    [InlineData("application/xml", "<command/>")]
    public async Task OtherKindsOfBodyAreWrongAsAWhole(string contentType, string body) =>
        (await Api.CreateFromAsync(body, "Content-Type: " + contentType)).IsInvalidBody();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"result":null}""")]
    [InlineData("""{"result":{"a":1}}""")]
    [InlineData("""{"result":["x"]}""")]
    [InlineData("""{"Result":"x"}""")]
    public async Task ResultMustBeAText(string body)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "result", body)).IsInvalid("body.result");
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
    }

    /// <summary>The Python broker turns numbers and booleans into text.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("5")]
    [InlineData("true")]
    public async Task ResultAndErrorAreNoNumbers(string value)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "result", $$"""{"result":{{value}}}""")).IsInvalid("body.result");
        (await Api.DoAsync(id, "fail", $$"""{"error":{{value}}}""")).IsInvalid("body.error");
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
    }

    [Theory]
    [InlineData("""{"error":{"a":1}}""")]
    [InlineData("""{"error":["x"]}""")]
    public async Task ErrorMustBeAText(string body)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "fail", body)).IsInvalid("body.error");
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
    }

    [Theory]
    [InlineData("result", "[]")]
    [InlineData("result", "{")]
    [InlineData("result", "")]
    [InlineData("fail", "{")]
    public async Task WorkersBrokenBodyIsWrongAsAWhole(string verb, string body)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, verb, body)).IsInvalidBody();
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
    }

    /// <summary>The Python broker fails the job, since it wants no field.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task FailureThatIsNoObjectIsWrongAsAWhole(string body)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "fail", body)).IsInvalidBody();
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"error":""}""")]
    [InlineData("""{"error":"  \t\r\n "}""")]
    [InlineData("""{"Error":"x"}""")]
    public async Task BlankOrMissingErrorIsUnknown(string body)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "fail", body)).Is(200);
        Assert.Equal("unknown", (await Api.JobAsync(id)).Text("error"));
    }

    [Fact]
    public async Task RefusedCreateMakesNoJob()
    {
        await Api.CreateFromAsync("""{"command":"ping"}""");
        await Api.CreateFromAsync("""{"command":"ping","payload":"x""");
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }
}
