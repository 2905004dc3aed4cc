using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>A bot whose token may act for others: each person has their own rights at the broker.</summary>
public sealed class ActingForTests : IDisposable
{
    private const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task EachPersonHasTheirOwnRights()
    {
        var asAdmin = new Dictionary<string, string> { [Variables.AdminToken] = AdminToken };
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), asAdmin);
        var admin = new BrokerClient(new HttpClient(), broker.Url, new BrokerCredentials { BotToken = AdminToken }, TimeProvider.System);
        var token = (await admin.CreateTokenAsync(new NewToken("discord", "bot") { ActsFor = true })).Token!;
        await admin.CreateTokenAsync(new NewToken("bob", "reader") { Person = $"discord:{BotUnderTest.Bob}" });
        await using var bot = await BotUnderTest.StartAsync(broker.Url, b =>
        {
            b.Settings = b.Settings with { BrokerToken = token };
            b.Chat = b.Chat with { ActsFor = true };
        });
        var (alice, bob) = (bot.Person(), bot.Person(BotUnderTest.Bob));

        await alice.SayAsync("ping hello");
        var worker = broker.Client("w");
        var job = (await worker.ClaimAsync("c", TimeSpan.FromSeconds(60)))!;
        Assert.Equal($"discord:{BotUnderTest.Alice}", job.Requester);
        await worker.FinishAsync(job.Id, job.LeaseToken, "pong: hello");
        await alice.ReadAsync("pong: hello");

        await bob.SayAsync("ping hello");
        await bob.ReadAsync("may not create jobs");
        await bob.SayAsync("every day 9:00 ping hello");
        await bob.ReadAsync("may not change schedules");

        await alice.SayAsync("ping again");
        var failed = (await worker.ClaimAsync("d", TimeSpan.FromSeconds(60)))!;
        await worker.FailAsync(failed.Id, failed.LeaseToken, "no luck");
        var shown = await alice.ReadAsync("no luck");
        var button = shown.ButtonIds.Single();
        await bob.PressAsync(shown, button);
        await alice.ReadAsync("The broker refused this: `");
        await bot.Discord.UntilAsync(() => shown.ButtonIds.Contains(button) && shown.Edits.Count > 1, "the button again, for whoever may");
        Assert.Equal(1, (await broker.Client().GetAsync(failed.Id)).Round);
        var made = (await admin.ListAuditAsync()).Audit.SelectMany(static l => l.Entries).Where(static e => e.Action == "job.create");
        Assert.All(made, static e => Assert.Equal($"discord:{BotUnderTest.Alice} via discord", e.Actor));
    }
}
