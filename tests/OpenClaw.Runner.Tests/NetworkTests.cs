using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>The network goes away, or the runner's machine sleeps, between the work and its result: the runner's process and the broker's.</summary>
public sealed class NetworkTests : IDisposable
{
    private const int Stop = 19, Continue = 18;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>And the runner is killed meanwhile: what it had done is not done again.</summary>
    [Fact]
    public async Task ResultOutlivesAPartitionAndTheRunnersRestart()
    {
        await using var broker = await StartBrokerAsync(600);
        await using var network = new CutProxy(broker.Url, "/result");
        var id = (await broker.Client().CreateAsync(new CreateJob("ping", "hello"))).Id;
        await using (var killed = StartRunner("worker-1", network.Url))
        {
            await network.CutAsync();
            await killed.KillAsync();
        }
        Assert.Single(Directory.GetFiles(folder.File("worker-1/outbox")));
        await using var runner = StartRunner("worker-1", network.Url);
        network.Heal();
        var done = await broker.Client().GetAsync(id, Wait);
        Assert.Equal((JobStates.Done, "pong: hello", 1), (done.State, done.Result, done.Attempt));
        await runner.WaitForLineAsync("outcome delivered");
        var next = (await broker.Client().CreateAsync(new CreateJob("ping", "again"))).Id;
        Assert.Equal("pong: again", (await broker.Client().GetAsync(next, Wait)).Result);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
    }

    [Fact]
    public async Task RunnerThatSleptPastItsLeaseIsRefusedAndTheSecondsResultStands()
    {
        await using var broker = await StartBrokerAsync(2);
        await using var network = new CutProxy(broker.Url, "/result");
        var id = (await broker.Client().CreateAsync(new CreateJob("plan_echo", "x"))).Id;
        await using var first = StartRunner("worker-1", network.Url);
        await network.CutAsync(); // its result is on the way when it falls asleep
        first.Signal(Stop);
        await using var second = StartRunner("worker-2", broker.Url);
        var done = await broker.Client().GetAsync(id, Wait);
        Assert.Equal((JobStates.Done, "worker-2", 2), (done.State, done.WorkerId, done.Attempt));
        network.Heal();
        first.Signal(Continue);
        await first.WaitForLineAsync("refused for good");
        Assert.Contains("409", first.Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder.File("worker-1/outbox/orphans")));
        var after = await broker.Client().GetAsync(id);
        Assert.Equal((done.Result, done.WorkerId, done.Attempt, done.FinishedAt), (after.Result, after.WorkerId, after.Attempt, after.FinishedAt));
        Assert.Equal(ExitCodes.Ok, await first.StopAsync());
    }

    private Task<BrokerProcess> StartBrokerAsync(int leaseSeconds) =>
        BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { ["LEASE_SECONDS"] = $"{leaseSeconds}" });

    private ProgramProcess StartRunner(string name, Uri broker) => ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"),
        new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.AbsoluteUri,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.WorkerId] = name,
            [Variables.RunnerStateDir] = folder.File(name),
            [Variables.PollIntervalSec] = "0.2",
        });
}
