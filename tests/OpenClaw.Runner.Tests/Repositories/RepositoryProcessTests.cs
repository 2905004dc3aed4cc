using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>Repository commands through the processes of broker and runner.</summary>
public sealed class RepositoryProcessTests : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private readonly RepositoryTrial trial = new();

    public void Dispose() => trial.Dispose();

    [Fact]
    public async Task ARepositoryIsShownThroughTheBroker()
    {
        await using var broker = await BrokerProcess.StartAsync(trial.Outside("broker.db"));
        await using var runner = StartRunner(broker.Url);
        var client = broker.Client();
        var job = await client.CreateAsync(new CreateJob("repo_grep", """{"repo": "shop", "query": "price"}"""));
        var done = JsonDocument.Parse((await client.GetAsync(job.Id, Wait)).Result!).RootElement;
        Assert.Equal(("worker-1", "src/a.cs:3:    int price;"),
            (done.GetProperty("worker_id").GetString(), done.GetProperty("data").GetProperty("matches").GetString()));
        var wrong = await client.CreateAsync(new CreateJob("repo_status", """{"repo": "other"}""") { MaxAttempts = 3 });
        var failed = await client.GetAsync(wrong.Id, Wait);
        Assert.Equal((JobStates.Failed, "repo not allowlisted", 1), (failed.State, failed.Error, failed.Attempt));
        var told = Assert.Single((await client.ListCommandsAsync()).Commands, static c => c.Name == "repo_readfile");
        Assert.Equal("Lines of a file of a repository", told.Description);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
    }

    [Fact]
    public async Task ABrokenListEndsTheRunnerWithItsLine()
    {
        trial.List("{\n\"shop\": 5}");
        foreach (var arguments in (string[][])[[], ["--check-config"]])
        {
            await using var runner = StartRunner(new Uri("http://127.0.0.1:9"), arguments);
            Assert.Equal(ExitCodes.Configuration, await runner.WaitForExitAsync());
            Assert.Contains($"openclaw-runner: RUNNER_REPO_ALLOWLIST: {trial.Outside("repos.json")}, line 2: shop is 5. It takes a text", runner.Output,
                StringComparison.Ordinal);
        }
    }

    private ProgramProcess StartRunner(Uri broker, params string[] arguments) => ProgramProcess.Start(
        Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.AbsoluteUri,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.WorkerId] = "worker-1",
            [Variables.RunnerStateDir] = trial.State,
            [Variables.PollIntervalSec] = "0.2",
            ["RUNNER_REPO_ALLOWLIST"] = trial.Outside("repos.json"),
            ["RUNNER_REPOS_BASE"] = trial.Base,
        }, arguments);
}
