using System.Text;
using System.Text.Json;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>The commands against a real broker, which the class shares and each test finds without jobs; the test is the worker.</summary>
public sealed class JobsTests(OperatingTests.Shared shared) : IClassFixture<OperatingTests.Shared>, IAsyncLifetime, IDisposable
{
    private readonly TempFolder folder = new();
    private readonly BrokerProcess broker = shared.Broker;
    private Dictionary<string, string> environment = null!;

    public async Task InitializeAsync()
    {
        var client = broker.Client();
        foreach (var left in (await client.ListAsync(new JobFilter())).Jobs)
        {
            if (!JobStatuses.IsFinal(left.Status)) await client.CancelAsync(left.Id);
            await client.DeleteAsync(left.Id);
        }
        PrivateFiles.Write(folder.File("token"), Encoding.UTF8.GetBytes(BrokerProcess.BotToken + "\n"));
        environment = new Dictionary<string, string> { [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.BotToken + "_FILE"] = folder.File("token") };
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AResultIsPrintedAsItIs()
    {
        var submit = RunAsync("submit", "ping", "hello", "--wait");
        var job = await ClaimAsync();
        Assert.Equal(("ping", "hello"), (job.Command, job.Payload));
        await broker.Client("w").FinishAsync(job.Id, job.LeaseToken, "line 1\nline 2");
        var run = await submit;
        Assert.Equal((ExitCodes.Ok, "line 1\nline 2\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task AFailureIsExitCodeOneAndNoOutput()
    {
        var submit = RunAsync("submit", "ping", "--wait");
        var job = await ClaimAsync();
        await broker.Client("w").FailAsync(job.Id, job.LeaseToken, "went wrong");
        var run = await submit;
        Assert.Equal((ExitCodes.Failed, ""), (run.ExitCode, run.Out));
        Assert.Contains("went wrong", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACancelledJobIsExitCodeTwo()
    {
        var id = (await RunAsync("submit", "ping")).Out.Trim();
        Assert.Equal("cancelled\n", (await RunAsync("cancel", id, "--reason", "no need")).Out);
        var status = await RunAsync("status", id, "--wait", "--json");
        Assert.Equal(ExitCodes.Cancelled, status.ExitCode);
        Assert.Equal("cancelled", JsonDocument.Parse(status.Out).RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task APayloadMayBeAnything()
    {
        foreach (var payload in (string[])["@file", "[x]", " spaces ", "ä\n🦀"])
        {
            var id = (await RunAsync("submit", "ping", payload)).Out.Trim();
            Assert.Equal(payload, (await broker.Client().GetAsync(id)).Payload);
        }
        environment["STDIN"] = "from stdin\n";
        var read = (await RunAsync("submit", "ping", "-")).Out.Trim();
        Assert.Equal("from stdin\n", (await broker.Client().GetAsync(read)).Payload);
        var dashes = (await RunAsync("submit", "ping", "--", "--wait")).Out.Trim();
        Assert.Equal("--wait", (await broker.Client().GetAsync(dashes)).Payload);
    }

    [Fact]
    public async Task AKeyMakesOneJobAndRequirementsAreSent()
    {
        string[] submit = ["submit", "ping", "x", "--requires", "gpu, cuda", "--idempotency-key", "k1", "--json"];
        var first = JsonDocument.Parse((await RunAsync(submit)).Out).RootElement.GetProperty("id").GetString()!;
        Assert.Equal(first, JsonDocument.Parse((await RunAsync(submit)).Out).RootElement.GetProperty("id").GetString());
        Assert.Equal(["cuda", "gpu"], (await broker.Client().GetAsync(first)).Caps!.Order());
    }

    [Fact]
    public async Task AListIsFilteredAndLimited()
    {
        for (var i = 0; i < 3; i++) await broker.Client().CreateAsync(new CreateJob("ping", "x"));
        await broker.Client().CreateAsync(new CreateJob("other\u001b[31m", "x"));
        var page = JsonDocument.Parse((await RunAsync("jobs", "--command", "ping", "--state", "queued", "--limit", "2", "--json")).Out).RootElement;
        Assert.Equal(2, page.GetProperty("jobs").GetArrayLength());
        var text = await RunAsync("jobs");
        Assert.Equal(4, text.Out.Trim().Split('\n').Length);
        Assert.DoesNotContain('\u001b', text.Out);
        Assert.Contains("other\\u001b[31m", text.Out, StringComparison.Ordinal);
        foreach (var end in text.Out.Trim().Split('\n').Select(l => l.Split(' ')[0]))
        {
            Assert.InRange(end.Length, 6, 12);
            Assert.Contains(end, (await RunAsync("status", end)).Out.Split('\n')[0].Replace("-", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
        Assert.Equal("", (await RunAsync("jobs", "--worker", "nobody")).Out);
    }

    [Fact]
    public async Task StatusDescribesAJobThatWaits()
    {
        var id = (await RunAsync("submit", "ping")).Out.Trim();
        var run = await RunAsync("status", id);
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Contains("state      queued", run.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("status", Guid.NewGuid().ToString())).ExitCode);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("cancel", Guid.NewGuid().ToString())).ExitCode);
    }

    [Fact]
    public async Task HealthAnswersWithoutAToken()
    {
        environment.Remove(Variables.BotToken + "_FILE");
        var run = await RunAsync("health", "--json");
        Assert.Equal((ExitCodes.Ok, """{"ok":true,"ts_bound":true}""" + "\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task AFailedJobIsDoneAgainAndItsHistoryTold()
    {
        var id = (await RunAsync("submit", "ping", "x", "--attempts", "2", "--tag", "night", "--tag", "b", "--priority", "1", "--timeout", "15m",
            "--serial", "disk")).Out.Trim();
        var job = await ClaimAsync();
        Assert.Equal((id, 2, 1, 900, "disk"), (job.Id, job.MaxAttempts, job.Priority, job.TimeoutSeconds, job.SerialKey));
        await broker.Client("w").FailAsync(id, job.LeaseToken, "went \u001b[31mwrong");
        Assert.Equal("cancelled\n", (await RunAsync("cancel", id)).Out);
        Assert.Equal(id + "\n", (await RunAsync("retry", id)).Out);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("retry", id)).ExitCode); // it waits
        var copy = await RunAsync("retry", await EndedAsync(), "--payload", "better");
        Assert.Equal("better", (await broker.Client().GetAsync(copy.Out.Trim())).Payload);
        var history = await RunAsync("history", id);
        Assert.Equal(["created", "claimed", "failed", "cancel_asked", "ended", "retried"],
            history.Out.Trim().Split('\n').Select(static l => l.Split("  ")[1].Trim()));
        Assert.Contains("went \\u001b[31mwrong", history.Out, StringComparison.Ordinal);
        Assert.Equal(6, JsonDocument.Parse((await RunAsync("history", id, "--json")).Out).RootElement.GetProperty("events").GetArrayLength());
        Assert.Single((await RunAsync("jobs", "--tag", "night", "--oldest", "--text", "x")).Out.Trim().Split('\n'));
        Assert.Equal("", (await RunAsync("jobs", "--tag", "day")).Out);

        async Task<string> EndedAsync()
        {
            var other = (await RunAsync("submit", "ping", "--delay", "1h")).Out.Trim();
            await RunAsync("cancel", other);
            return other;
        }
    }

    [Fact]
    public async Task AWaitingJobIsHeldAndSnoozed()
    {
        var id = (await RunAsync("submit", "ping")).Out.Trim();
        Assert.Equal("held\n", (await RunAsync("hold", id, "--reason", "look first")).Out);
        Assert.Contains("look first", (await RunAsync("status", id)).Out, StringComparison.Ordinal);
        Assert.Equal("queued\n", (await RunAsync("unhold", id)).Out);
        Assert.Equal("scheduled\n", (await RunAsync("snooze", id, "10m")).Out);
        Assert.Contains("not before", (await RunAsync("status", id)).Out, StringComparison.Ordinal);
        var wrong = await RunAsync("snooze", id, "soon");
        Assert.Equal(ExitCodes.Usage, wrong.ExitCode);
        Assert.Contains("90s, 10m, 2h or 1d", wrong.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AJobWaitsForOthersAndIsDoneAgainWithThem()
    {
        var parent = (await RunAsync("submit", "ping")).Out.Trim();
        var child = (await RunAsync("submit", "ping", "--after", parent[^8..])).Out.Trim();
        var free = (await RunAsync("submit", "ping", "--after", $"{parent}:run")).Out.Trim();
        Assert.Contains($"after      {parent} (if that fails: fail)", (await RunAsync("status", child)).Out, StringComparison.Ordinal);
        Assert.Contains("awaiting_parents", (await RunAsync("explain", child)).Out, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("submit", "ping", "--after", $"{parent}:sing")).ExitCode);
        Assert.Equal("cancelled\n", (await RunAsync("cancel", parent)).Out);
        Assert.Equal(ExitCodes.Failed, (await RunAsync("watch", child)).ExitCode);
        Assert.Equal(parent + "\n", (await RunAsync("retry", parent, "--children")).Out);
        Assert.Contains("held", (await RunAsync("status", child)).Out, StringComparison.Ordinal);
        Assert.Contains("queued", (await RunAsync("status", free)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWorkerIsDrainedAndResumedAndTellsWhatItServes()
    {
        await broker.Client("box").TellAsync(new WorkerBody("1", [new ServedCommand("ping", "answers \u001b[31mpong")]));
        Assert.Equal("box: drained\n", (await RunAsync("workers", "drain", "box", "--reason", "new disk")).Out);
        Assert.Contains("drained by bot: new disk", (await RunAsync("workers")).Out, StringComparison.Ordinal);
        Assert.Equal("box: goes on\n", (await RunAsync("workers", "resume", "box")).Out);
        var commands = (await RunAsync("commands")).Out;
        Assert.Matches(@"ping +box +answers \\u001b\[31mpong", commands);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("workers", "drain", "nobody")).ExitCode);
    }

    [Fact]
    public async Task QueuesArePausedDrainedAndResumed()
    {
        await RunAsync("submit", "ping", "--queue", "mail");
        Assert.StartsWith("mail: paused until 2", (await RunAsync("queues", "pause", "mail", "--reason", "tea", "--for", "2h")).Out, StringComparison.Ordinal);
        Assert.Matches("mail +1 .* paused by bot until .*: tea", (await RunAsync("queues")).Out);
        Assert.Equal("mail: goes on\n", (await RunAsync("queues", "resume", "mail")).Out);
        Assert.Equal("the broker: drained\n", (await RunAsync("queues", "drain", "--reason", "new disk")).Out);
        Assert.Contains("the whole broker is drained by bot: new disk", (await RunAsync("queues")).Messages, StringComparison.Ordinal);
        Assert.Equal("the broker: goes on\n", (await RunAsync("queues", "resume")).Out);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("queues", "pause", "nowhere")).ExitCode);
    }

    private Task<Clawctl> RunAsync(params string[] arguments) => Clawctl.RunAsync(environment, ["--folder", folder.File("none"), .. arguments]);

    private async Task<JobView> ClaimAsync() => (await broker.Client("w").ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.FromSeconds(60)))!;
}
