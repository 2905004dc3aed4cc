using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Cli.Tests;

/// <summary>Jobs at the terminal: their output as it comes, their exit code, and the yes before they run.</summary>
public sealed class RunTests : IAsyncLifetime, IDisposable
{
    private const string Admin = "admin-token-of-the-tests-0123456789abcdef";
    private const int Lines = 4000;
    private readonly TempFolder folder = new();
    private BrokerProcess broker = null!;
    private Dictionary<string, string> environment = null!;

    public async Task InitializeAsync()
    {
        var more = new Dictionary<string, string> { [Variables.AdminToken] = Admin, ["DASHBOARD"] = "0" };
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"), more);
        environment = new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.BotToken] = BrokerProcess.BotToken, [Variables.AdminToken] = Admin,
        };
    }

    public async Task DisposeAsync() => await broker.DisposeAsync();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task OutputComesAsItIsWrittenAndTheEndIsTheProgramsOwn()
    {
        var run = RunAsync("run", "deploy", "shop", "now", "--tag", "t");
        var job = await ClaimAsync();
        Assert.Equal(("deploy", "shop now", "t"), (job.Command, job.Payload, Assert.Single(job.Tags!)));
        await SendAsync(job, (ChunkTypes.Output, "one\n", null), (ChunkTypes.Error, "careful\u001b[2J\n", null),
            (ChunkTypes.Progress, "copying", """{"percent":40}"""),
            (ChunkTypes.Output, "two\u001b[31m\n", null), (ChunkTypes.Final, null, """{"exit_code":3}"""));
        await broker.Client("w").FailAsync(job.Id, job.LeaseToken, "exit code 3: careful");
        var ended = await run;
        Assert.Equal((3, "one\ntwo\u001b[31m\n"), (ended.ExitCode, ended.Out)); // piped it is what it was
        foreach (var said in (string[])["careful", "40 % copying", "exit code 3"]) Assert.Contains(said, ended.Messages, StringComparison.Ordinal);

        var logs = await RunAsync("logs", job.Id);
        Assert.Equal((ExitCodes.Ok, "one\ntwo\u001b[31m\n"), (logs.ExitCode, logs.Out));
        Assert.Equal(logs.Out, (await RunAsync("logs", "-f", job.Id)).Out);
        var lines = (await RunAsync("logs", "--json", job.Id)).Out.Trim().Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.Equal("one\n", JsonDocument.Parse(lines[0]).RootElement.GetProperty("content").GetString());
    }

    [Fact]
    public async Task WhatWritesNothingShowsItsResult()
    {
        var run = RunAsync("run", "ping", "hello");
        var job = await ClaimAsync();
        await broker.Client("w").FinishAsync(job.Id, job.LeaseToken, "pong: hello");
        Assert.Equal((ExitCodes.Ok, "pong: hello\n"), await run is var ended ? (ended.ExitCode, ended.Out) : default);
        var cancelled = RunAsync("run", "ping");
        await broker.Client().CancelAsync((await ClaimAsync()).Id);
        Assert.False(cancelled.IsCompleted);
        var held = (await broker.Client().ListAsync(new Client.JobFilter { State = "running" })).Jobs.Single();
        await broker.Client("w").FailAsync(held.Id, null, "stopped");
        Assert.Equal(ExitCodes.Cancelled, (await cancelled).ExitCode);
    }

    /// <summary>The whole way: a real runner's program, its broker killed twice meanwhile, every line once at the terminal.</summary>
    [Fact]
    public async Task EveryLineIsSeenOnceThoughTheBrokerIsKilled()
    {
        await PutCountAsync($"{Lines}", "$i");
        await using var runner = StartRunner();
        var run = RunAsync("run", "count");
        foreach (var written in (int[])[Lines / 8, Lines / 2])
        {
            using var patience = new CancellationTokenSource(Broken.After);
            while (await WrittenAsync() < written) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
            await KillBrokerAsync();
        }
        var ended = await run;
        Assert.Equal((ExitCodes.Ok, Numbers(Lines)), (ended.ExitCode, ended.Out));
        Assert.Equal(0, await runner.StopAsync());

        async Task<int> WrittenAsync()
        {
            if ((await broker.Client().ListAsync(new Client.JobFilter())).Jobs is not [var job]) return 0;
            return (await broker.Client().ListChunksAsync(job.Id)).Chunks.Sum(static c => c.Content?.Count(static x => x == '\n') ?? 0);
        }
    }

    /// <summary>The same with the runner killed, too: who follows has all that the next attempt writes behind all that there was of the first.</summary>
    [Fact]
    public async Task EachAttemptIsFollowedWithoutGapOrDoubleThoughRunnerAndBrokerAreKilled()
    {
        const int NeverReached = 200_000; // that attempt ends as its runner is killed, and nobody reads it any more
        await broker.Program.StopAsync();
        await broker.StartAgainAsync(new Dictionary<string, string> { ["LEASE_SECONDS"] = "10" });
        await PutCountAsync($"$((OPENCLAW_ATTEMPT == 1 ? {NeverReached} : {Lines}))", "$OPENCLAW_ATTEMPT $i");
        var id = (await broker.Client().CreateAsync(new CreateJob("count", ""))).Id;
        var follower = new StreamFollower(broker, id);
        var end = follower.UntilEndAsync();
        await using (var killed = StartRunner())
        {
            await follower.HasLinesAsync(Lines / 8);
            await KillBrokerAsync();
            await follower.HasLinesAsync(Lines / 4);
            await killed.KillAsync();
        }
        var least = follower.Output;
        await using var runner = StartRunner();
        await follower.HasAsync($"\n2 {Lines / 8}\n");
        await KillBrokerAsync();
        Assert.Equal("""{"state":"done"}""", await end);

        var second = Numbers(Lines, "2 ");
        Assert.EndsWith(second, follower.Output, StringComparison.Ordinal);
        var first = follower.Output[..^second.Length];
        Assert.StartsWith(least, first, StringComparison.Ordinal);
        Assert.StartsWith(first, Numbers(NeverReached, "1 "), StringComparison.Ordinal);
        Assert.Equal(follower.Ids.Distinct().Order(), follower.Ids);
        Assert.Equal(1, follower.Finals);
        Assert.InRange(follower.Connections, 3, int.MaxValue); // or no kill has reached it
        Assert.Equal((2, 1), await broker.Client().GetAsync(id) is var job ? (job.Attempt, job.LostLeases) : default);
        Assert.Equal(["created", "claimed", "lease_lost", "claimed", "ended"],
            (await broker.Client().GetHistoryAsync(id)).Events.Select(static e => e.Event));
        Assert.Equal(0, await runner.StopAsync());
    }

    [Fact]
    public async Task AYesIsToExactlyWhatWasShown()
    {
        var id = await HeldAsync("shop\\nid         forged");
        var shown = (await RunAsync("approvals")).Out;
        Assert.Contains($"id         {id}\n", shown, StringComparison.Ordinal);
        Assert.Contains("payload    shop\n           id         forged\n", shown, StringComparison.Ordinal);
        var digest = shown.Split('\n').Single(static l => l.StartsWith("digest ", StringComparison.Ordinal)).Split(' ')[^1];
        var unseen = await RunAsync("approve", id);
        Assert.Equal(ExitCodes.Usage, unseen.ExitCode);
        Assert.Contains(digest, unseen.Messages, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("approve", id, "--digest", new string('0', 64))).ExitCode);
        Assert.Equal("approved\n", (await RunAsync("approve", id, "--digest", digest, "--comment", "go")).Out);
        Assert.Equal(id, (await ClaimAsync()).Id);
        var denied = await HeldAsync("x");
        var next = JsonDocument.Parse((await RunAsync("approvals", "--json")).Out).RootElement.GetProperty("approvals")[0];
        Assert.Equal("denied\n", (await RunAsync("deny", denied, "--digest", next.GetProperty("digest").GetString()!)).Out);
        Assert.Contains("nothing waits", (await RunAsync("approvals")).Messages, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("approve", denied)).ExitCode);
    }

    private static string Numbers(int last, string before = "")
    {
        var text = new StringBuilder();
        for (var n = 1; n <= last; n++) text.Append(CultureInfo.InvariantCulture, $"{before}{n}\n");
        return text.ToString();
    }

    /// <summary>A command of the runner's own, <c>count</c>: some hundred lines a second.</summary>
    /// <param name="last">Up to where it counts, as the shell understands it.</param>
    /// <param name="line">What it writes each time, likewise.</param>
    private async Task PutCountAsync(string last, string line)
    {
        var script = folder.File("count.sh");
        await File.WriteAllTextAsync(script,
            $"i=0\nwhile [ $i -lt {last} ]; do i=$((i+1)); echo \"{line}\"; [ $((i%20)) -ne 0 ] || sleep 0.02; done\n");
        await File.WriteAllTextAsync(folder.File("runner.json"), $$"""{"commands": {"count": {"program": "/bin/sh", "arguments": ["{{script}}"] } } }""");
    }

    private ProgramProcess StartRunner() => ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
    {
        [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.WorkerToken] = BrokerProcess.WorkerToken, ["RUNNER_CONFIG"] = folder.File("runner.json"),
        ["RUNNER_STATE_DIR"] = folder.File("state"),
    });

    private async Task KillBrokerAsync()
    {
        await broker.Program.KillAsync();
        await broker.StartAgainAsync();
    }

    private async Task<string> HeldAsync(string payload) =>
        (await broker.Api.CreateFromAsync($$"""{"command": "deploy", "payload": "{{payload}}", "approval": true}""")).Json.Id();

    private Task<ChunksAnswer> SendAsync(JobView job, params (string Type, string? Content, string? Metadata)[] pieces) =>
        broker.Client("w").SendChunksAsync(job.Id, job.LeaseToken,
        [.. pieces.Select(static (p, i) => new ChunkBody(i + 1, p.Type, p.Content, p.Metadata is null ? null : JsonDocument.Parse(p.Metadata).RootElement))]);

    private Task<Clawctl> RunAsync(params string[] arguments) => Clawctl.RunAsync(environment, ["--folder", folder.File("none"), .. arguments]);

    private async Task<JobView> ClaimAsync() => (await broker.Client("w").ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.FromSeconds(60)))!;
}
