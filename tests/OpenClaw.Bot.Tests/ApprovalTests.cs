using System.Text.Json.Nodes;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>Jobs that wait for a yes, shown to those who may give it, with a real broker and two approvers.</summary>
public sealed class ApprovalTests : IAsyncLifetime
{
    private const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";

    private readonly TempFolder folder = new();
    private BrokerProcess broker = null!;
    private BrokerClient admin = null!;
    private BotUnderTest bot = null!;
    private FakePerson alice = null!, bob = null!;

    public async Task InitializeAsync()
    {
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { [Variables.AdminToken] = AdminToken });
        admin = new BrokerClient(new HttpClient(), broker.Url, new BrokerCredentials { BotToken = AdminToken }, TimeProvider.System);
        var token = (await admin.CreateTokenAsync(new NewToken("discord", "bot") { ActsFor = true })).Token!;
        foreach (var (name, id) in ((string, string)[])[("alice", BotUnderTest.Alice), ("bob", BotUnderTest.Bob)])
        {
            await admin.CreateTokenAsync(new NewToken(name, "admin") { Person = $"discord:{id}" });
        }
        bot = await BotUnderTest.StartAsync(broker.Url, b =>
        {
            b.Settings = b.Settings with { BrokerToken = token };
            b.Chat = b.Chat with { ActsFor = true, AllowedUsers = new HashSet<string>(b.Chat.AllowedUsers) { Reader } };
        });
        (alice, bob) = (bot.Person(), bot.Person(BotUnderTest.Bob));
    }

    private const string Reader = "100000000000000009";

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
        await broker.DisposeAsync();
        folder.Dispose();
    }

    private async Task<string> HoldAsync(string payload, string more = "true")
    {
        var text = JsonValue.Create(payload).ToJsonString();
        var made = await broker.Api.CreateFromAsync($$"""{"command": "deploy", "payload": {{text}}, "approval": {{more}} }""");
        return made.Json.GetProperty("id").GetString()!;
    }

    /// <summary>Lets the bot look until this person was asked about the job.</summary>
    private async Task<FakeMessage> AskedAsync(FakePerson person, string id)
    {
        FakeMessage? Find() => person.Seen().LastOrDefault(m => m.Content.Contains(id, StringComparison.Ordinal));
        await bot.PassUntilAsync(() => Find()?.ButtonIds.Any() == true, 10);
        return Find()!;
    }

    private Task SettledAsync(FakeMessage message, string words) => bot.Discord.UntilAsync(() => IsSettled(message, words), $"a message with '{words}'");

    private static bool IsSettled(FakeMessage message, string words) =>
        message.Content.Contains(words, StringComparison.Ordinal) && message.Components.Count == 0;

    [Fact]
    public async Task AYesByButtonIsForWhatWasShownAndIsSeenByAllWhoWereAsked()
    {
        var id = await HoldAsync("a ``` b \u202e @everyone", """{"note": "look *twice*"}""");
        var shown = await AskedAsync(alice, id);
        var other = await AskedAsync(bob, id);
        var digest = (await admin.ListApprovalsAsync()).Approvals.Single().Digest;
        Assert.Contains($"**Waits for your yes**: job `{id[^6..]}` (`deploy`, `{id}`)", shown.Content, StringComparison.Ordinal);
        Assert.Contains("Note: `look *twice*`", shown.Content, StringComparison.Ordinal);
        Assert.Contains(digest[..12], shown.Content, StringComparison.Ordinal);
        Assert.Equal(3, shown.Content.Split("```").Length);
        Assert.Contains("\\u202e @everyone", shown.Content, StringComparison.Ordinal);
        Assert.Empty(bot.Person(Reader).Seen());

        await alice.PressAsync(shown, shown.ButtonIds.First());
        await SettledAsync(shown, "**approved** by `discord:" + alice.Id);
        await SettledAsync(other, "**approved** by `discord:" + alice.Id);
        Assert.Equal(JobStates.Queued, (await admin.GetAsync(id)).State);
        Assert.Equal(digest, (await broker.Client("w").ClaimAsync("c", TimeSpan.Zero))!.Approved!.Digest);
    }

    [Fact]
    public async Task ANoByTextAndWhatIsDecidedElsewhereIsShownAndTheButtonsGo()
    {
        var (denied, elsewhere) = (await HoldAsync("one"), await HoldAsync("two"));
        var first = await AskedAsync(alice, denied);
        var second = await AskedAsync(alice, elsewhere);
        await alice.SayAsync($"deny {denied}");
        await alice.ReadAsync($"Job `{denied[^6..]}` is denied.");
        await SettledAsync(first, "**denied** by `discord:" + alice.Id);
        Assert.Equal("denied", (await admin.GetAsync(denied)).Outcome);

        var waiting = (await admin.ListApprovalsAsync()).Approvals.Single();
        await admin.DecideAsync(elsewhere, isYes: true, waiting.Digest, "fine");
        await bot.PassUntilAsync(() => IsSettled(second, "**approved** by `admin` (fine)"), 10);
        await alice.SayAsync($"deny {elsewhere}");
        await alice.ReadAsync("Nothing waits for your yes");
    }

    [Fact]
    public async Task ApproveByTextTakesAHeldJobWhereItIsNoPlan()
    {
        var id = await HoldAsync("one");
        var shown = await AskedAsync(alice, id);
        await alice.SayAsync($"approve {id[^8..]}");
        await SettledAsync(shown, "**approved**");
        Assert.Equal(JobStates.Queued, (await admin.GetAsync(id)).State);
        Assert.Empty((await admin.ListAsync(new JobFilter { Command = "approve_echo" })).Jobs);
    }

    [Fact]
    public async Task AChangedJobIsShownAnewAndAnOldButtonDecidesNothing()
    {
        var id = await HoldAsync("before");
        var shown = await AskedAsync(alice, id);
        var old = shown.ButtonIds.First();
        await broker.Api.SendAsync(HttpMethod.Patch, $"/jobs/{id}", """{"payload": "after"}"""u8.ToArray(), broker.Api.Bot);
        await alice.PressAsync(shown, old);
        await alice.ReadAsync("has changed since it was shown; nothing was decided");
        await bot.Discord.UntilAsync(() => shown.Content.Contains("after", StringComparison.Ordinal) && shown.ButtonIds.Count() == 2, "the job anew");
        Assert.Equal(JobStates.Held, (await admin.GetAsync(id)).State);
        bot.Clock.Advance(TimeSpan.FromSeconds(2));
        await alice.PressAsync(shown, old);
        await bot.Discord.UntilAsync(() => alice.Seen().Count(m => m.Content.Contains("nothing was decided", StringComparison.Ordinal)) == 2, "the refusal");
        Assert.Equal(JobStates.Held, (await admin.GetAsync(id)).State);
        await bot.Discord.UntilAsync(() => shown.ButtonIds.Any(), "the buttons again");
        bot.Clock.Advance(TimeSpan.FromSeconds(2));
        await alice.PressAsync(shown, shown.ButtonIds.First());
        await SettledAsync(shown, "**approved**");
        Assert.Equal(JobStates.Queued, (await admin.GetAsync(id)).State);
    }

    [Fact]
    public async Task OnesOwnJobIsSomebodyElsesToApprove()
    {
        await broker.StartAgainAsync(new Dictionary<string, string> { ["APPROVE_OWN"] = "never" });
        var made = await broker.Api.CreateFromAsync(
            $$"""{"command": "deploy", "payload": "mine", "approval": true, "requester": "discord:{{alice.Id}}"}""");
        var id = made.Json.GetProperty("id").GetString()!;
        var shown = await AskedAsync(alice, id);
        await alice.PressAsync(shown, shown.ButtonIds.First());
        await alice.ReadAsync("is your own: somebody else has to approve it");
        await bot.Discord.UntilAsync(() => shown.ButtonIds.Count() == 1, "the button to deny");
        Assert.Equal(JobStates.Held, (await admin.GetAsync(id)).State);
        bot.Clock.Advance(TimeSpan.FromSeconds(2));
        await alice.PressAsync(shown, shown.ButtonIds.Single());
        await SettledAsync(shown, "**denied**");
    }

    [Fact]
    public async Task ARestartAsksNobodyTwiceAndItsButtonsWork()
    {
        var id = await HoldAsync("one");
        var shown = await AskedAsync(alice, id);
        await AskedAsync(bob, id);
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        var next = await HoldAsync("two");
        await AskedAsync(alice, next);
        await AskedAsync(bob, next);
        Assert.Equal((2, 2), (alice.Seen().Count, bob.Seen().Count));
        await alice.PressAsync(shown, shown.ButtonIds.First());
        await SettledAsync(shown, "**approved**");
    }

    [Fact]
    public async Task ALongPayloadIsAFileAndALostBrokerBringsTheButtonsBack()
    {
        var payload = string.Join('\n', Enumerable.Range(1, 500).Select(i => $"line {i}"));
        var id = await HoldAsync(payload);
        var shown = await AskedAsync(alice, id);
        Assert.Equal(payload, Assert.Single(shown.Files).Content);
        await broker.Program.KillAsync();
        await alice.PressAsync(shown, shown.ButtonIds.First());
        await alice.ReadAsync("The broker can't be reached right now. Try again in a moment.");
        await bot.Discord.UntilAsync(() => shown.ButtonIds.Count() == 2, "the buttons again");
        await broker.StartAgainAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(2));
        await alice.PressAsync(shown, shown.ButtonIds.First());
        await SettledAsync(shown, "**approved**");
    }
}
