using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>Deleting and exporting against a real broker.</summary>
public sealed class DeleteTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder folder = new();
    private BrokerProcess broker = null!;
    private Dictionary<string, string> environment = null!;

    public async Task InitializeAsync()
    {
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        environment = new Dictionary<string, string> { [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.BotToken] = BrokerProcess.BotToken };
    }

    public async Task DisposeAsync() => await broker.DisposeAsync();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task SeveralAreDeletedByAnyNameAndOneThatHasNotEndedStopsNoOther()
    {
        var (first, waiting, last) = (await EndedAsync(), await CreateAsync(), await EndedAsync());
        var run = await RunAsync("delete", first, waiting, last[^12..], first);
        Assert.Equal((ExitCodes.Usage, $"deleted {first}\ndeleted {last}\n"), (run.ExitCode, run.Out));
        Assert.Contains($"{waiting}: the job is still queued. Cancel it first", run.Messages, StringComparison.Ordinal);
        Assert.Equal(waiting, Assert.Single((await broker.Client().ListAsync(new Client.JobFilter())).Jobs).Id);
        await broker.Client().CancelAsync(waiting);
        Assert.Equal((ExitCodes.Ok, $$"""{"ok":true,"id":"{{waiting}}"}""" + "\n"), await OutAsync("delete", waiting, "--json", "--yes"));
        var again = await RunAsync("delete", waiting);
        Assert.Equal((ExitCodes.NotFound, ""), (again.ExitCode, again.Out));
    }

    [Fact]
    public async Task ANameThatIsNoneDeletesNothing()
    {
        var ended = await EndedAsync();
        var run = await RunAsync("delete", ended, "beefbeef");
        Assert.Equal((ExitCodes.NotFound, ""), (run.ExitCode, run.Out));
        Assert.Equal(ended, (await broker.Client().GetAsync(ended)).Id);
    }

    /// <summary>More than two pages of a list.</summary>
    [Fact]
    public async Task AnExportHasEveryJobWithItsTexts()
    {
        const int Jobs = 420;
        var ids = new List<string>();
        for (var n = 0; n < Jobs; n++) ids.Add(await CreateAsync(payload: $"payload {n} ä\n"));
        var worker = broker.Client("w");
        var claim = (await worker.ClaimAsync("c", TimeSpan.FromSeconds(10)))!;
        await worker.FinishAsync(claim.Id, claim.LeaseToken, "the result");
        await broker.Client().CancelAsync(ids[1], "no need");
        var queued = await CreateAsync(queue: "other", command: "else");
        var all = Lines((await RunAsync("export")).Out);
        Assert.Equal([queued, .. ids.AsEnumerable().Reverse()], all.Select(j => j.Id));
        Assert.Equal("payload 0 ä\n", all[^1].Payload);
        Assert.Equal(("the result", "ok", "w"), (all[^1].Result, all[^1].Outcome, all[^1].WorkerId));
        Assert.Equal(("cancelled: no need", "cancelled"), (all[^2].Error, all[^2].State));
        Assert.Equal([ids[1], ids[0]], Lines((await RunAsync("export", "--state", "done, cancelled")).Out).Select(j => j.Id));
        Assert.Equal(queued, Assert.Single(Lines((await RunAsync("export", "--queue", "other")).Out)).Id);
        Assert.Equal(queued, Assert.Single(Lines((await RunAsync("export", "--command", "else")).Out)).Id);
        Assert.Equal((ExitCodes.Ok, ""), await OutAsync("export", "--command", "nothing"));
    }

    private static List<JobView> Lines(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize(l, WireJson.Default.JobView)!)];

    private async Task<string> CreateAsync(string payload = "p", string? queue = null, string command = "ping") =>
        (await broker.Client().CreateAsync(new CreateJob(command, payload) { Queue = queue })).Id;

    private async Task<string> EndedAsync()
    {
        var id = await CreateAsync();
        await broker.Client().CancelAsync(id);
        return id;
    }

    private Task<Clawctl> RunAsync(params string[] arguments) => Clawctl.RunAsync(environment, ["--folder", folder.File("none"), .. arguments]);

    private async Task<(int ExitCode, string Out)> OutAsync(params string[] arguments) =>
        await RunAsync(arguments) is var run ? (run.ExitCode, run.Out) : default;
}
