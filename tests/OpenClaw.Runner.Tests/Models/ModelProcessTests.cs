using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Models;

/// <summary>A model through the processes of broker and runner.</summary>
public sealed class ModelProcessTests
{
    [Fact]
    public async Task AModelIsAskedThroughTheBrokerAndItsKeyStaysWithTheRunner()
    {
        using var folder = new TempFolder();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await using var endpoint = new ScriptedBroker(static _ => new ScriptedAnswer(503, "no " + ModelTrial.Key));
        await using var runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.Url.AbsoluteUri,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.WorkerId] = "worker-1",
            [Variables.RunnerStateDir] = folder.File("state"),
            ["LLM_BASE_URL"] = new Uri(endpoint.Url, "/v1").AbsoluteUri,
            ["LLM_MODEL"] = "small",
            ["LLM_API_KEY"] = ModelTrial.Key,
        });
        var job = await broker.Client().CreateAsync(new CreateJob("llm_agentic", "Why?"));
        var failed = await broker.Client().GetAsync(job.Id, TimeSpan.FromSeconds(60));
        Assert.Equal((JobStates.Failed, "the model's endpoint answered 503: no ***"), (failed.State, failed.Error));
        Assert.Equal($"Bearer {ModelTrial.Key}", (await endpoint.NextAsync("/v1/chat/completions")).Headers["Authorization"]);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
        Assert.DoesNotContain(ModelTrial.Key, runner.Output, StringComparison.Ordinal);
    }
}
