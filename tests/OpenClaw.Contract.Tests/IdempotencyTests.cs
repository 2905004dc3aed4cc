using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>The same <c>Idempotency-Key</c> makes one job.</summary>
public class IdempotencyTests(TestedBroker broker) : ContractTest(broker)
{
    private readonly string key = $"Idempotency-Key: {Guid.NewGuid()}";

    [Fact]
    public async Task SameKeyAndBodyGiveTheFirstAnswerAgain()
    {
        var first = (await Api.CreateAsync("ping", "x", key)).Is(200);
        (await Api.CreateAsync("ping", "x", key)).IsExactly(200, first.Text);
        Assert.Equal(first.Json.Id(), (await Api.TakeAsync()).Id());
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task FirstAnswerIsGivenAfterTheEndToo()
    {
        var first = (await Api.CreateAsync("ping", "x", key)).Is(200);
        await Api.TakeAsync();
        await Api.FinishAsync(first.Json.Id(), "pong");
        (await Api.CreateAsync("ping", "x", key)).IsExactly(200, first.Text);
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task OtherBodyIsRefused()
    {
        (await Api.CreateAsync("ping", "x", key)).Is(200);
        var answer = (await Api.CreateAsync("ping", "y", key)).Is(422);
        Assert.Equal("idempotency_mismatch", answer["code"].GetString());
        (await Api.CreateAsync("pong", "x", key)).Is(422);
        await Api.TakeAsync();
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task ManyAtOnceMakeOneJob()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Api.CreateAsync("ping", "x", key)));
        Assert.Single(answers.Select(a => a.Is(200).Json.Id()).Distinct());
        await Api.TakeAsync();
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task KeysAreTakenLetterByLetter()
    {
        var ids = new HashSet<string>();
        foreach (var suffix in new[] { "a", "A", "b", "~!%,;\"" }) ids.Add((await Api.CreateAsync("ping", "x", key + suffix)).Is(200).Json.Id());
        Assert.Equal(4, ids.Count);
    }

    [Fact]
    public async Task RefusedCreateKeepsNoKey()
    {
        (await Api.CreateFromAsync("""{"command":"ping"}""", key)).IsInvalid("body.payload");
        (await Api.CreateAsync("ping", "x", key)).Is(200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("ü")]
    public async Task MalformedKeyIsABadRequest(string malformed)
    {
        const string Body = """{"command":"ping","payload":"x"}""";
        var head = RawConnection.Head("POST /jobs", "Host: x", Api.Bot, "Content-Type: application/json", $"Content-Length: {Body.Length}",
            $"Idempotency-Key: {malformed}");
        (await SendRawAsync(head + Body)).Is(400);
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task KeyMayHave255Characters()
    {
        (await Api.CreateAsync("ping", "x", $"Idempotency-Key: {Guid.NewGuid():n}{new string('k', 223)}")).Is(200);
        (await Api.CreateAsync("ping", "x", $"Idempotency-Key: {Guid.NewGuid():n}{new string('k', 224)}")).IsRefused(400);
    }
}
