using System.Text.Json;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

public sealed class HandlerTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly OrderedDictionary<string, IHandler> handlers;

    public HandlerTests() => handlers = All.Create(new RunnerContext("worker-1", folder.Path, TimeProvider.System));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("hello", "pong: hello")]
    [InlineData("", "pong: ")]
    [InlineData(" \r\n\0ä", "pong:  \r\n\0ä")]
    public async Task PingSaysThePayloadBack(string payload, string result) =>
        Assert.Equal(new Succeeded(result), await RunAsync("ping", payload));

    [Fact]
    public async Task APlanIsAnsweredAndKeptPrivately()
    {
        var plan = JsonDocument.Parse(await ResultAsync("plan_echo", "tidy \"up\"")).RootElement;
        Assert.Equal(["type", "plan_id", "summary", "proposed_actions", "requires_approval"], plan.EnumerateObject().Select(p => p.Name));
        Assert.Equal("plan", plan.GetProperty("type").GetString());
        Assert.Equal("Echo plan for: tidy \"up\"", plan.GetProperty("summary").GetString());
        Assert.Equal("(no-op)", plan.GetProperty("proposed_actions")[0].GetString());
        Assert.True(plan.GetProperty("requires_approval").GetBoolean());
        var file = folder.File($"plans/{plan.GetProperty("plan_id").GetString()}.json");
        Assert.True(JsonElement.DeepEquals(plan, JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement));
        Assert.True(FileModes.IsPrivate(file));
    }

    [Fact]
    public async Task APlanWithoutPayloadSaysSo() =>
        Assert.Equal("Echo plan (no payload)", JsonDocument.Parse(await ResultAsync("plan_echo", "")).RootElement.GetProperty("summary").GetString());

    [Fact]
    public async Task ASummaryHasTheFirst200CharactersAndCutsNone()
    {
        var payload = string.Concat(Enumerable.Repeat("🦀", 250));
        var summary = JsonDocument.Parse(await ResultAsync("plan_echo", payload)).RootElement.GetProperty("summary").GetString();
        Assert.Equal("Echo plan for: " + string.Concat(Enumerable.Repeat("🦀", 200)), summary);
    }

    [Fact]
    public async Task APlanIsApprovedByItsId()
    {
        var id = JsonDocument.Parse(await ResultAsync("plan_echo", "x")).RootElement.GetProperty("plan_id").GetString();
        Assert.Equal(
            $$"""{"type":"approval","plan_id":"{{id}}","status":"approved","applied":false,"note":"no-op (scaffold)"}""",
            await ResultAsync("approve_echo", $" {id}\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n")]
    public async Task ApprovingNothingFails(string payload) => Assert.Equal(new Failed("plan_id required"), await RunAsync("approve_echo", payload));

    [Theory]
    [InlineData("7f2b7a0e-3c57-4f1a-9f2e-5a9b1f6d0c11")]
    [InlineData("../outside")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("a\0b")]
    [InlineData("notes")]
    [InlineData("AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA")]
    [InlineData("{aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa}")]
    [InlineData("aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaaa")]
    public async Task OnlyACanonicalIdOfAKeptPlanIsKnown(string payload)
    {
        Directory.CreateDirectory(folder.File("plans"));
        string[] traps =
        [
            "outside.json", "plans/notes.json", "plans/AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA.json",
            "plans/{aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa}.json", "plans/aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaaa.json",
        ];
        foreach (var trap in traps)
        {
            await File.WriteAllTextAsync(folder.File(trap), "{}");
        }
        Assert.Equal(new Failed("unknown plan_id"), await RunAsync("approve_echo", payload));
        Assert.Equal(new Failed("unknown plan_id"), await RunAsync("approve_echo", new string('a', 4096)));
    }

    [Fact]
    public async Task ALinkInThePlansFolderIsNoPlan()
    {
        Directory.CreateDirectory(folder.File("plans"));
        await File.WriteAllTextAsync(folder.File("outside.json"), "{}");
        const string Id = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
        File.CreateSymbolicLink(folder.File($"plans/{Id}.json"), folder.File("outside.json"));
        Assert.Equal(new Failed("unknown plan_id"), await RunAsync("approve_echo", Id));
    }

    [Fact]
    public async Task AnUnknownCommandIsAnsweredNotFailed() =>
        Assert.Equal(new Succeeded("unknown command: no such"), await new Unknown().RunAsync(NewJob("no such", "x")));

    [Fact]
    public async Task TheExampleOfTheDocumentationIsACommand()
    {
        handlers.Add("count_words", new CountWords());
        Assert.Equal(new Succeeded("3 words"), await RunAsync("count_words", "one two\nthree"));
        Assert.Equal(new Failed("nothing to count"), await RunAsync("count_words", " "));
        var example = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/OpenClaw.Runner.Tests/CountWords.cs"));
        Assert.Contains(example, await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/runner.md")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CapabilitiesNameEveryCommandOfThisRunnerInItsOrder()
    {
        handlers.Remove("plan_echo");
        handlers.Add("count_words", new CountWords());
        Assert.Equal(
            """{"worker_id":"worker-1","capabilities":["ping","capabilities","approve_echo","count_words"],"version":"mvp"}""",
            await ResultAsync("capabilities", ""));
    }

    [Fact]
    public void TwoHandlersForOneCommandAreRefused() => Assert.Throws<ArgumentException>(() => handlers.Add("ping", new Unknown()));

    private async Task<string> ResultAsync(string command, string payload) => Assert.IsType<Succeeded>(await RunAsync(command, payload)).Result;

    private Task<Outcome> RunAsync(string command, string payload) => handlers[command].RunAsync(NewJob(command, payload));

    private static JobContext NewJob(string command, string payload) =>
        new() { Id = Guid.NewGuid().ToString(), Attempt = 1, Command = command, Payload = payload, Stop = CancellationToken.None };
}
