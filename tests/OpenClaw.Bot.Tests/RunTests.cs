using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Tests;

/// <summary>Any command that a runner serves, and what the bot has words for, with a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class RunTests(BrokerFixture broker) : IAsyncLifetime
{
    private readonly string name = $"deploy-{Guid.NewGuid():n}";
    private BotUnderTest bot = null!;
    private FakePerson alice = null!;

    public async Task InitializeAsync()
    {
        bot = await BotUnderTest.StartAsync(broker.Url);
        alice = bot.Person();
    }

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
    }

    private async Task<BrokerClient> ServeAsync()
    {
        var worker = broker.Worker($"of-{name}", name);
        await worker.TellAsync(new WorkerBody("1", [new ServedCommand(name, "Ship \u202eit")]));
        return worker;
    }

    private static async Task<JobView> ClaimAsync(BrokerClient worker) =>
        await worker.ClaimAsync(Guid.NewGuid().ToString("n"), TimeSpan.FromSeconds(60)) ?? throw new TimeoutException("no job came");

    [Fact]
    public async Task WhatIsServedIsRunWithTheTextAsItWasWritten()
    {
        var worker = await ServeAsync();
        await alice.SayAsync($"run {name} Two  \"words\"\nand a line");
        var job = await ClaimAsync(worker);
        Assert.Equal((name, "Two  \"words\"\nand a line"), (job.Command, job.Payload));
        await worker.FinishAsync(job.Id, job.LeaseToken, "shipped");
        await alice.ReadAsync($"Job `{job.Id[^6..]}` (`{name}`): **done**\n```\nshipped");
    }

    [Fact]
    public async Task WhatNobodyServesIsSaidWithWhatIsServed()
    {
        await ServeAsync();
        await alice.SayAsync($"run {name}x y");
        var said = await alice.ReadAsync($"No runner serves `{name}x` now; nothing was made. Served: ");
        Assert.Contains($"`{name}`", said.Content, StringComparison.Ordinal);
        Assert.Equal(0, await broker.CountAsync($"{name}x"));
        await alice.SayAsync("run approve_echo some-plan");
        await alice.ReadAsync("Plans are approved by `approve <id>`.");
    }

    [Fact]
    public async Task TheSlashCommandCompletesWhatIsServedAndTakesItsTextApart()
    {
        var worker = await ServeAsync();
        var completion = await alice.CompleteAsync("run", name[..20]);
        await bot.Discord.UntilAsync(() => completion.AnsweredWith == 8, "the completion");
        var choice = Assert.Single(completion.Answer!["choices"]!.AsArray())!;
        Assert.Equal((name, $"{name}: Ship \\u202eit"), ((string)choice["value"]!, (string)choice["name"]!));
        await alice.InvokeWithAsync("run", ("text", "a \"b\" "), ("command", name));
        var job = await ClaimAsync(worker);
        Assert.Equal("a \"b\"", job.Payload);
        await worker.FinishAsync(job.Id, job.LeaseToken, "shipped");
        await alice.ReadAsync("shipped");
    }

    [Theory]
    [InlineData("repos", "repo_list", "{}", """{"repos":[{"name":"shop","path":"/srv/shop"}]}""", "Repositories:\n```\nshop  /srv/shop")]
    [InlineData("repostat shop", "repo_status", """{"repo":"shop"}""", """{"repo":"shop","branch":"main","dirty":true,"porcelain":" M a.cs"}""",
        "`shop` is on `main`, with changes:\n```\n M a.cs\n```")]
    [InlineData("repostat shop", "repo_status", """{"repo":"shop"}""", """{"branch":"main","dirty":false,"porcelain":""}""",
        "`shop` is on `main`, without changes.")]
    [InlineData("last shop", "repo_last_commit", """{"repo":"shop"}""",
        """{"hash":"0123456789abcdef0123","author":"Ann <a@b>","date":"2026-01-02","subject":"A `fix`"}""",
        "`shop` is at `0123456789ab` by `Ann <a@b>`, 2026-01-02:\n```\nA `fix`")]
    [InlineData("grep shop \"two words\" src", "repo_grep", """{"repo":"shop","query":"two words","path":"src"}""", """{"matches":"src/a.cs:3:two words"}""",
        "Found in `shop`:\n```\nsrc/a.cs:3:two words")]
    [InlineData("grep shop x", "repo_grep", """{"repo":"shop","query":"x"}""", """{"matches":""}""", "Nothing found in `shop`.")]
    [InlineData("cat shop 'a b.txt' 5", "repo_readfile", """{"repo":"shop","path":"a b.txt","start":5,"end":204}""",
        """{"path":"a b.txt","start":5,"end":204,"content":"five\nsix\n"}""", "`a b.txt` of `shop`, lines 5 to 6:\n```\nfive\nsix")]
    [InlineData("cat shop A.txt 5 7", "repo_readfile", """{"repo":"shop","path":"A.txt","start":5,"end":7}""", """{"path":"A.txt","content":""}""",
        "`A.txt` of `shop` has nothing there.")]
    [InlineData("cat shop A.txt", "repo_readfile", """{"repo":"shop","path":"A.txt"}""", """{"path":"A.txt","start":1,"end":200,"content":"```x"}""",
        "`A.txt` of `shop`, line 1:\n```\n")]
    public async Task RepositoriesHaveWordsOfTheirOwn(string said, string command, string payload, string data, string shown)
    {
        await alice.SayAsync(said);
        var job = await broker.TakeAsync(payload);
        Assert.Equal(command, job.Command);
        await broker.FinishAsync(job,
            $$"""{"ok":true,"worker_id":"w","command":"{{command}}","repo":"shop","truncated":false,"data":{{data}},"error":null}""");
        var read = await alice.ReadAsync(shown);
        Assert.Equal(shown.Contains("```", StringComparison.Ordinal) ? 3 : 1, read.Content.Split("```").Length);
    }

    [Fact]
    public async Task WhatIsCutOrWentWrongIsSaid()
    {
        await alice.SayAsync("grep shop cut");
        await broker.WorkAsync("""{"repo":"shop","query":"cut"}""",
            """{"ok":true,"worker_id":"w","command":"repo_grep","repo":"shop","truncated":true,"data":{"matches":"a"},"error":null}""");
        await alice.ReadAsync("Found in `shop`: (cut: there is more)");
        await alice.SayAsync("grep shop wrong");
        await broker.WorkAsync("""{"repo":"shop","query":"wrong"}""", """{"ok":false,"worker_id":"w","data":null,"error":"not a git repo"}""");
        await alice.ReadAsync("Error:\n```\nnot a git repo");
    }

    [Theory]
    [InlineData("cat shop", "Usage: `cat <repo> <path> [start] [end]`")]
    [InlineData("cat shop a.txt five", "the start is the number of a line, from 1")]
    [InlineData("cat shop a.txt 5 4", "the last line stands before the first")]
    [InlineData("grep shop two words more", "put quotes around what has blanks")]
    [InlineData("grep shop \"two words", "a quote is not closed")]
    [InlineData("run", "Usage: `run <command> [text]`")]
    public async Task WhatCantBeReadMakesNothing(string said, string answer)
    {
        await alice.SayAsync(said);
        await alice.ReadAsync(answer);
        Assert.DoesNotContain(alice.Seen(), m => m.Content.Contains("queued", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASlashCommandsOptionsMayHoldBlanksAndLeaveOneOut()
    {
        await alice.InvokeWithAsync("cat", ("end", "9"), ("path", "a \"b\".txt"), ("repo", "shop"));
        var job = await broker.TakeAsync("""{"repo":"shop","path":"a \u0022b\u0022.txt","start":1,"end":9}""");
        Assert.Equal("repo_readfile", job.Command);
        await broker.FinishAsync(job, "no JSON");
        await alice.ReadAsync("no JSON");
    }
}
