using System.Text.Json;
using System.Text.RegularExpressions;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>Schedules, limits of queues and dead jobs against a real broker, which the class shares: each test has its own names.</summary>
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
    public async Task AScheduleIsMadeChangedDrivenAndDeleted()
    {
        var made = await RunAsync("schedules", "create", "night", "ping", "good night", "--cron", "30 3 * * *", "--time-zone", "Europe/Berlin", "--jitter",
            "5m", "--overlap", "queue_one", "--catch-up", "all", "--catch-up-window", "2d", "--queue", "dreams", "--tag", "dark", "--end", "2099-01-01");
        Assert.Matches(@"^night: 30 3 \* \* \* Europe/Berlin, next 20\d\d-\d\d-\d\d 0[12]:30:00Z\n$", made.Out);
        var twice = await RunAsync("schedules", "create", "night", "ping", "--every", "1h");
        Assert.Equal(ExitCodes.Usage, twice.ExitCode);
        Assert.Contains("`clawctl schedules set`", twice.Messages, StringComparison.Ordinal);

        Assert.Matches("^night: every 90s, next 20", (await RunAsync("schedules", "set", "night", "--every", "90s", "--payload", "better night", "--priority",
            "1", "--end", "none")).Out);
        var set = JsonSerializer.Deserialize((await RunAsync("schedules", "show", "night", "--json")).Out, WireJson.Default.ScheduleView)!;
        Assert.Equal((null, 90, null, 300, "all", 172800, "queue_one"),
            (set.Cron, set.EverySeconds, set.EndAt, set.JitterSeconds, set.CatchUp, set.CatchUpWindowSeconds, set.Overlap));
        Assert.Equal("""{"command":"ping","payload":"better night","queue":"dreams","tags":["dark"],"priority":1}""", set.Job!.ToJsonString());
        Assert.Equal(ExitCodes.Usage, (await RunAsync("schedules", "set", "night")).ExitCode);

        Assert.Equal("night: paused\n", (await RunAsync("schedules", "pause", "night", "--reason", "look\u001b[31m first")).Out);
        Assert.Matches(@"(?m)^schedule +times +next +state +last job\n(.*\n)*night +every 90s +- +paused by bot: look\\u001b\[31m first +-$",
            (await RunAsync("schedules")).Out);
        Assert.Equal("night: goes on\n", (await RunAsync("schedules", "resume", "night")).Out);
        Assert.Equal(10, (await RunAsync("schedules", "preview", "night")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var job = await shared.Broker.Client().GetAsync((await RunAsync("schedules", "run", "night")).Out.Trim());
        Assert.Equal(("better night", "dreams", "night"), (job.Payload, job.Queue, job.Schedule));
        var shown = (await RunAsync("schedules", "show", "night")).Out;
        Assert.Contains("payload         better night\n", shown, StringComparison.Ordinal);
        Assert.Contains("tags            [\"dark\"]\n", shown, StringComparison.Ordinal);

        Assert.Equal("deleted night\n", (await RunAsync("schedules", "delete", "night")).Out);
        var gone = await RunAsync("schedules", "show", "night");
        Assert.Equal(ExitCodes.NotFound, gone.ExitCode);
        Assert.Contains("`clawctl schedules`", gone.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PastTimesAreFilledOnce()
    {
        await RunAsync("schedules", "create", "past", "ping", "--cron", "0 12 * * *", "--start", "2026-01-01");
        string[] backfill = ["schedules", "backfill", "past", "--from", "2026-01-01T12:00", "--to", "2026-01-03 14:00:00+02:00"];
        Assert.Equal("3 jobs made; 0 of 3 times had theirs\n", (await RunAsync(backfill)).Out);
        Assert.Equal("0 jobs made; 3 of 3 times had theirs\n", (await RunAsync(backfill)).Out);
        var wrong = await RunAsync("schedules", "backfill", "past", "--from", "yesterday");
        Assert.Equal(ExitCodes.Usage, wrong.ExitCode);
        Assert.Contains("--from 'yesterday': it takes a time, such as 2026-08-01", wrong.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheListNamesTheLastJob()
    {
        await RunAsync("schedules", "create", "tick", "ping", "--every", "1s", "--queue", "ticks");
        await shared.Broker.Api.PollAsync(60, "X-Worker-Queues: ticks");
        await RunAsync("schedules", "pause", "tick");
        var last = (await RunAsync("schedules")).Out.Split('\n').Single(static l => l.StartsWith("tick ", StringComparison.Ordinal)).Split(' ')[^1];
        Assert.Matches("(?m)^schedule   tick, for 20.*Z$", (await RunAsync("status", last)).Out);
    }

    [Fact]
    public async Task AQueueIsLimitedAndFreed()
    {
        await RunAsync("submit", "ping", "--queue", "mail");
        Assert.Equal("mail: 2 running, 10 per 1m\n", (await RunAsync("queues", "limit", "mail", "--max-running", "2", "--starts", "10", "--per", "60s")).Out);
        Assert.Equal("mail: 3 running\n", (await RunAsync("queues", "limit", "mail", "--max-running", "3")).Out);
        Assert.Matches("(?m)^mail +1 +0 +0 +0 +[0-9]+ s +3 running$", (await RunAsync("queues")).Out);
        Assert.Equal("mail: no limits\n", (await RunAsync("queues", "limit", "mail", "--none")).Out);
        Assert.Empty((await shared.Broker.Client().ListQueuesAsync()).Queues.Single(static q => q.Name == "mail").Limits!);
        foreach (var wrong in (string[][])[[], ["--starts", "3"], ["--none", "--max-running", "1"], ["--max-running", "1", "--command", "a", "--each-command"]])
        {
            Assert.Equal(ExitCodes.Usage, (await RunAsync(["queues", "limit", "mail", .. wrong])).ExitCode);
        }
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("queues", "limit", "nowhere", "--max-running", "1")).ExitCode);
    }

    /// <summary>The others stay; the list is sent whole.</summary>
    [Fact]
    public async Task ALimitReplacesTheOneOfTheSameCommandAlone()
    {
        await using var broker = new ScriptedBroker(r => ScriptedAnswer.Ok(r.Method == "PATCH" ? """{"ok":true,"name":"mail","limits":[]}""" : """
            {"queues":[{"name":"mail","ready":0,"scheduled":0,"held":0,"running":0,"oldest_ready_seconds":null,"paused":null,"limits":[
                {"by":"queue","value":"mail","max_running":9,"starts":null,"per_seconds":null},
                {"by":"command","value":"ping","max_running":1,"starts":null,"per_seconds":null},
                {"by":"command","value":null,"max_running":2,"starts":null,"per_seconds":null}]}],"next":null,"drain":null}
            """));
        const string Queue = """{"by":"queue","value":"mail","max_running":9,"starts":null,"per_seconds":null}""";
        const string Ping = """{"by":"command","value":"ping","max_running":1,"starts":null,"per_seconds":null}""";
        const string Each = """{"by":"command","value":null,"max_running":2,"starts":null,"per_seconds":null}""";
        Assert.Equal([Queue, Each, """{"by":"command","value":"ping","max_running":null,"starts":5,"per_seconds":60}"""],
            await SentAsync("--command", "ping", "--starts", "5", "--per", "1m"));
        Assert.Equal([Queue, Ping, """{"by":"command","value":null,"max_running":4,"starts":null,"per_seconds":null}"""],
            await SentAsync("--each-command", "--max-running", "4"));
        Assert.Equal([Queue, Ping, Each, """{"by":"requester","value":null,"max_running":4,"starts":null,"per_seconds":null}"""],
            await SentAsync("--each-requester", "--max-running", "4"));
        Assert.Equal([Queue, Each], await SentAsync("--command", "ping", "--none"));
        Assert.Equal([], await SentAsync("--none"));
        Assert.Contains("9 running; command ping: 1 running; each command: 2 running", (await Clawctl.RunAsync(Of(broker.Url), "queues")).Out,
            StringComparison.Ordinal);

        async Task<IEnumerable<string>> SentAsync(params string[] options)
        {
            Assert.Equal(ExitCodes.Ok, (await Clawctl.RunAsync(Of(broker.Url), ["queues", "limit", "mail", .. options])).ExitCode);
            var body = JsonDocument.Parse((await broker.NextAsync("/queues/mail")).Body).RootElement;
            return body.GetProperty("limits").EnumerateArray().Select(static l => l.GetRawText());
        }
    }

    /// <summary>What somebody else changed in between is read again, and stays.</summary>
    [Fact]
    public async Task LimitsThatChangedMeanwhileAreReadAgain()
    {
        var changes = 0;
        await using var broker = new ScriptedBroker(r => r.Method != "PATCH" ? ScriptedAnswer.Ok($$"""
            {"queues":[{"name":"mail","ready":0,"scheduled":0,"held":0,"running":0,"oldest_ready_seconds":null,"paused":null,"limits":[],
                "version":{{changes}}}],"next":null,"drain":null}
            """) : changes++ == 0 ? ScriptedAnswer.Problem(412, "changed") : ScriptedAnswer.Ok("""{"ok":true,"name":"mail","limits":[]}"""));
        Assert.Equal(ExitCodes.Ok, (await Clawctl.RunAsync(Of(broker.Url), ["queues", "limit", "mail", "--max-running", "4"])).ExitCode);
        Assert.Equal("0", (await broker.NextAsync("/queues/mail")).Headers["If-Match"]);
        Assert.Equal("1", (await broker.NextAsync("/queues/mail")).Headers["If-Match"]);
    }

    [Fact]
    public async Task EachLineOfAFileIsAJobAndTheSameFileMakesNoneTwice()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("lines"), string.Join('\n', Enumerable.Range(0, 1100).Select(static n => $"line {n}")) + "\n\n");
        var first = await RunAsync("submit", "count", "--from", folder.File("lines"), "--tag", "many");
        Assert.Equal(ExitCodes.Ok, first.ExitCode);
        Assert.EndsWith("1100 jobs made\n", first.Messages, StringComparison.Ordinal);
        var ids = first.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1100, ids.Distinct().Count());
        Assert.Equal(first.Out, (await RunAsync("submit", "count", "--from", folder.File("lines"), "--tag", "many")).Out);
        Assert.NotEqual(first.Out, (await RunAsync("submit", "count", "--from", folder.File("lines"), "--tag", "many", "--idempotency-key", "2")).Out);
        var last = await shared.Broker.Client().GetAsync(ids[^1]);
        Assert.Equal(("count", "line 1099", "many"), (last.Command, last.Payload, Assert.Single(last.Tags!)));
    }

    [Fact]
    public async Task LinesOfJsonAreWholeJobsAndARefusedOneIsNamed()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("jobs"), """
            {"command": "whole", "payload": "1", "priority": 1}
            {"command": "", "payload": "2"}
            {"command": "whole", "payload": "3"}
            """);
        var sent = await RunAsync("submit", "--from", folder.File("jobs"), "--priority", "4");
        Assert.Equal(ExitCodes.Failed, sent.ExitCode);
        Assert.Contains("line 2 is refused: ", sent.Messages, StringComparison.Ordinal);
        Assert.Contains("2 jobs made, 1 line refused\n", sent.Messages, StringComparison.Ordinal);
        var jobs = await Task.WhenAll(sent.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(id => shared.Broker.Client().GetAsync(id)));
        Assert.Equal([("1", 1), ("3", 4)], jobs.Select(static j => (j.Payload, j.Priority)));
        await File.WriteAllTextAsync(folder.File("jobs"), "ping hello\n");
        var wrong = await RunAsync("submit", "--from", folder.File("jobs"));
        Assert.Equal(ExitCodes.Usage, wrong.ExitCode);
        Assert.Contains("line 1 is no job: ", wrong.Messages, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("submit", "--from", folder.File("nowhere"))).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("submit", "ping", "--from", folder.File("jobs"), "--wait")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("submit")).ExitCode);
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
