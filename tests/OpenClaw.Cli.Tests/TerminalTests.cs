using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Cli.Tests;

/// <summary>Questions at a real terminal, and what becomes of the job by the answer: y, n, nothing at all, or Ctrl-C.</summary>
public sealed class TerminalTests(TerminalTests.Shared shared) : IClassFixture<TerminalTests.Shared>
{
    private const string Admin = "admin-token-of-the-tests-0123456789abcdef";

    public sealed class Shared : IAsyncLifetime, IDisposable
    {
        private readonly TempFolder folder = new();

        internal BrokerProcess Broker { get; private set; } = null!;

        internal Dictionary<string, string> Environment { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Broker = await BrokerProcess.StartAsync(folder.File("broker.db"),
                new Dictionary<string, string> { [Variables.AdminToken] = Admin, ["DASHBOARD"] = "0" });
            Environment = new Dictionary<string, string>
            {
                [Variables.BrokerUrl] = Broker.Url.AbsoluteUri, [Variables.BotToken] = BrokerProcess.BotToken, [Variables.AdminToken] = Admin,
            };
        }

        public async Task DisposeAsync() => await Broker.DisposeAsync();

        public void Dispose() => folder.Dispose();
    }

    private BrokerProcess Broker => shared.Broker;

    [Fact]
    public async Task CtrlCAndAYesCancelTheJobThatRuns()
    {
        await using var terminal = Terminal.Start(shared.Environment, "run", "yes");
        var job = await AskedAsync(terminal, "yes");
        await terminal.TypeAsync("y\n");
        await terminal.ShowsAsync("its worker is told");
        Assert.Equal(ExitCodes.Interrupted, await terminal.EndsAsync());
        Assert.True((await Broker.Client().GetAsync(job.Id)).CancelRequested);
        await Broker.Client("w").FailAsync(job.Id, job.LeaseToken, "stopped");
        var ended = await Broker.Client().GetAsync(job.Id);
        Assert.Equal((JobStates.Cancelled, "cancelled: cancelled at the terminal"), (ended.State, ended.Error));
    }

    [Fact]
    public async Task CtrlCAndAYesCancelTheJobThatWaits()
    {
        await using var terminal = Terminal.Start(shared.Environment, "run", "waits");
        var job = await AskedAsync(terminal, "waits", isGivenBack: true);
        await terminal.TypeAsync("y\n");
        await terminal.ShowsAsync($"job {job.Id}: cancelled");
        Assert.Equal(ExitCodes.Interrupted, await terminal.EndsAsync());
        Assert.Equal(JobStates.Cancelled, (await Broker.Client().GetAsync(job.Id)).State);
    }

    /// <summary>Who presses Ctrl-C twice wants his prompt back: that is no yes, and needs no Enter.</summary>
    [Theory]
    [InlineData("n\n", "n", "goes on; ")]
    [InlineData("\n", "enter", "goes on; ")]
    [InlineData(Terminal.CtrlC, "twice", "")]
    public async Task CtrlCAndAnythingElseLetTheJobGoOn(string keys, string command, string said)
    {
        await using var terminal = Terminal.Start(shared.Environment, "run", command);
        var job = await AskedAsync(terminal, command);
        await terminal.TypeAsync(keys);
        Assert.Equal(ExitCodes.Interrupted, await terminal.EndsAsync());
        await terminal.ShowsAsync(said);
        Assert.False((await Broker.Client().GetAsync(job.Id)).CancelRequested);
        await Broker.Client("w").FinishAsync(job.Id, job.LeaseToken, "r");
        Assert.Equal(JobStates.Done, (await Broker.Client().GetAsync(job.Id)).State);
    }

    [Theory]
    [InlineData("approve", "y\n", ExitCodes.Ok, "approved", JobStates.Queued)]
    [InlineData("approve", "n\n", ExitCodes.Failed, "", JobStates.Held)]
    [InlineData("approve", "\n", ExitCodes.Failed, "", JobStates.Held)]
    [InlineData("approve", Terminal.CtrlC, ExitCodes.Interrupted, "interrupted", JobStates.Held)]
    [InlineData("deny", "y\n", ExitCodes.Ok, "denied", JobStates.Failed)]
    [InlineData("deny", "n\n", ExitCodes.Failed, "", JobStates.Held)]
    public async Task AYesIsSaidByWhoSaysIt(string word, string keys, int exitCode, string said, string state)
    {
        var id = await HeldAsync();
        await using var terminal = Terminal.Start(shared.Environment, word, id);
        await terminal.ShowsAsync(word == "approve" ? "Let exactly this run? [y/N] " : "Refuse it? [y/N] ");
        Assert.Contains("payload    to \\u001b[2Jnowhere\r\n", terminal.Shown, StringComparison.Ordinal); // what is asked about does not steer the terminal
        Assert.Equal(JobStates.Held, (await Broker.Client().GetAsync(id)).State);
        await terminal.TypeAsync(keys);
        Assert.Equal(exitCode, await terminal.EndsAsync());
        await terminal.ShowsAsync(said);
        Assert.Equal(state, (await Broker.Client().GetAsync(id)).State);
    }

    [Fact]
    public async Task AYesToWhatWasEditedSinceItWasShownIsRefused()
    {
        var id = await HeldAsync();
        await using var terminal = Terminal.Start(shared.Environment, "approve", id);
        await terminal.ShowsAsync("[y/N] ");
        var edited = await Broker.Api.SendAsync(HttpMethod.Patch, $"/jobs/{id}", """{"payload": "somewhere else"}"""u8.ToArray(), Broker.Api.Bot);
        Assert.Equal(200, edited.Status);
        await terminal.TypeAsync("y\n");
        Assert.Equal(ExitCodes.Usage, await terminal.EndsAsync());
        await terminal.ShowsAsync("changed since");
        Assert.Equal(JobStates.Held, (await Broker.Client().GetAsync(id)).State);
    }

    /// <summary>Has the job run that was asked for, until the terminal shows what it wrote, and presses Ctrl-C.</summary>
    /// <param name="isGivenBack">Whether the job waits again by then.</param>
    private async Task<JobView> AskedAsync(Terminal terminal, string command, bool isGivenBack = false)
    {
        var answer = await Broker.Api.PollAsync(60, "X-Worker-Id: w", $"X-Worker-Commands: {command}");
        var job = await Broker.Client().GetAsync(answer.Job!.Value.Id());
        job = job with { LeaseToken = answer.Job.Value.Text("lease_token") };
        await Broker.Client("w").SendChunksAsync(job.Id, job.LeaseToken, [new ChunkBody(1, ChunkTypes.Output, "it works\n")]);
        await terminal.ShowsAsync("it works");
        if (isGivenBack) await Broker.Client("w").ReleaseAsync(job.Id, job.LeaseToken);
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.ShowsAsync($"Cancel the job {job.Id}? If not, it goes on. [y/N] ");
        return job;
    }

    private async Task<string> HeldAsync() =>
        (await Broker.Api.CreateFromAsync("""{"command": "deploy", "payload": "to \u001b[2Jnowhere", "approval": true}""")).Json.Id();
}
