using System.Text.RegularExpressions;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>Dead jobs against a real broker, which the class shares: each test has its own names.</summary>
public sealed class OperatingTests(OperatingTests.Shared shared) : IClassFixture<OperatingTests.Shared>
{
    public sealed class Shared : IAsyncLifetime, IDisposable
    {
        private readonly TempFolder folder = new();

        internal BrokerProcess Broker { get; private set; } = null!;

        public async Task InitializeAsync() => Broker = await BrokerProcess.StartAsync(folder.File("broker.db"));

        public async Task DisposeAsync() => await Broker.DisposeAsync();

        public void Dispose() => folder.Dispose();
    }

    [Fact]
    public async Task DeadJobsAreShownAndDoneAgain()
    {
        var (first, second) = (await FailedAsync("dig", "went \u001b[31mwrong\nand more"), await FailedAsync("dig", "no spade"));
        await FailedAsync("sow", "no seed");
        var list = await RunAsync("dead", "--command", "dig");
        Assert.Matches($@"^job +command +attempts +failed +error\n{End(second)} +dig +1 +20.*Z +no spade\n"
            + $@"{End(first)} +dig +1 +20.*Z +went \\u001b\[31mwrong …\n$", list.Out);
        Assert.Contains("`clawctl retry --dead`", list.Messages, StringComparison.Ordinal);

        Assert.Equal($"{second}\n{first}\n", (await RunAsync("retry", "--dead", "--command", "dig", "--dry-run")).Out);
        Assert.Equal(JobStates.Failed, (await shared.Broker.Client().GetAsync(first)).State);
        var named = await RunAsync("retry", first, Guid.NewGuid().ToString(), list.Out.Split('\n')[1].Split(' ')[0]);
        Assert.Equal((ExitCodes.NotFound, $"{first}\n{second}\n"), (named.ExitCode, named.Out));
        Assert.Equal(JobStates.Queued, (await shared.Broker.Client().GetAsync(first)).State);

        var third = await FailedAsync("weed", "no hoe");
        Assert.Equal("", (await RunAsync("retry", "--dead", "--command", "weed", "--tag", "none")).Out);
        Assert.Equal(third + "\n", (await RunAsync("retry", "--dead", "--command", "weed", "--since", "1h")).Out);
        Assert.Equal((JobStates.Queued, 2), await shared.Broker.Client().GetAsync(third) is var again ? (again.State, again.Round) : default);
        Assert.Equal("", (await RunAsync("dead", "--command", "weed")).Out);
        foreach (var wrong in (string[][])[[], ["--dead", first], [first, "--dry-run"], [first, "--command", "dig"], [first, second, "--payload", "x"]])
        {
            Assert.Equal(ExitCodes.Usage, (await RunAsync(["retry", .. wrong])).ExitCode);
        }

        static string End(string id) => $"[0-9a-f]*{Regex.Escape(id[^6..])}";
    }

    private async Task<string> FailedAsync(string command, string error)
    {
        var id = (await shared.Broker.Client().CreateAsync(new CreateJob(command, "p") { Queue = command })).Id;
        await shared.Broker.Api.ClaimAsync("X-Worker-Id: w", $"X-Worker-Queues: {command}");
        await shared.Broker.Client("w").FailAsync(id, null, error);
        return id;
    }

    private Task<Clawctl> RunAsync(params string[] arguments) => Clawctl.RunAsync(Of(shared.Broker.Url), arguments);

    private static Dictionary<string, string> Of(Uri broker) => new()
    {
        [Variables.BrokerUrl] = broker.AbsoluteUri,
        [Variables.BotToken] = BrokerProcess.BotToken,
    };
}
