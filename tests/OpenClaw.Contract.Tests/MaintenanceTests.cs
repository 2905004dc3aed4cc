using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;
using static OpenClaw.Contract.Tests.Support.BrokerTask;

namespace OpenClaw.Contract.Tests;

/// <summary>What the program does with the broker's file and configuration, beside serving.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task CheckOfTheConfigurationNamesFileAndLine()
    {
        var file = EnvFile("BROKER_PORT=80000");
        var (code, said) = await RunAsync([], "--check-config", "--env", file);
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal($"openclaw-broker: {file}, line 4: BROKER_PORT is '80000'. It takes a whole number from 0 to 65535; without it 8000 is used.", said);
        (code, said) = await RunAsync([], "--check-config", "--env", EnvFile("BROKER_PORT=8123"));
        Assert.Equal((ExitCodes.Ok, "The configuration is right."), (code, said));
    }

    /// <summary>Backups are made while jobs come and go; the last is restored into an empty folder, and all that it promised is there.</summary>
    [Fact]
    public async Task BackupOfARunningBrokerIsRestoredAndFencesWorkersOfThen()
    {
        await using var broker = await OwnBroker.StartAsync();
        var api = broker.Api;
        var done = await api.NewJobAsync("ping", "done");
        await api.TakeAsync();
        await api.FinishAsync(done, "pong");
        await api.NewJobAsync("ping", "held");
        var held = await api.TakeAsync("X-Worker-Id: ada");
        var dropped = await api.NewJobAsync("ping", "to be cancelled");
        await api.TakeAsync("X-Worker-Id: bea");
        await api.CancelAsync(dropped);
        var waiting = await api.NewJobAsync("ping", "waiting");

        using var stop = new CancellationTokenSource();
        var load = LoadAsync(api, stop.Token);
        for (var i = 0; i < 3; i++)
        {
            var (made, line) = await RunAsync(broker, "--backup", folder.File($"copy-{i}.db"));
            Assert.True(made == ExitCodes.Ok, line);
        }
        await stop.CancelAsync();
        var createdDuring = await load;

        var restored = folder.File("restored/broker.db");
        var (code, said) = await RunAsync(Variables(restored), "--restore", folder.File("copy-2.db"));
        Assert.True(code == ExitCodes.Ok, said);
        await using var other = await BrokerProcess.StartAsync(restored);
        Assert.Equal("pong", (await other.Api.JobAsync(done)).Text("result"));
        Assert.Equal("cancelled", (await other.Api.JobAsync(dropped)).Text("state"));
        (await other.Api.FinishAsync(held.Id(), "of then", held.Fence(), "X-Worker-Id: ada")).Is(409);
        var again = await other.Api.TakeAsync();
        Assert.Equal((held.Id(), 2), (again.Id(), again.Number("attempt")));
        Assert.Equal(waiting, (await other.Api.TakeAsync()).Id());
        Assert.True(FileModes.IsPrivate(folder.File("copy-0.db")));
        using var copy = Open(folder.File("copy-0.db"));
        Assert.InRange(createdDuring, copy.Count("select count(*) from job") - 4, int.MaxValue);
    }

    [Fact]
    public async Task RestoreKeepsWhatWasThereAndTouchesNoRunningBroker()
    {
        await using var broker = await OwnBroker.StartAsync();
        var old = await broker.Api.NewJobAsync();
        var copy = folder.File("copy.db");
        Assert.Equal(ExitCodes.Ok, (await RunAsync(broker, "--backup", copy)).Code);
        var newer = await broker.Api.NewJobAsync();

        Assert.Equal(ExitCodes.Temporary, (await RunAsync(broker, "--restore", copy)).Code);
        await broker.Api.JobAsync(newer);
        Assert.Equal(0, await broker.Process.Program.StopAsync());
        await File.WriteAllTextAsync(folder.File("no.db"), "no database at all");
        var (refused, why) = await RunAsync(broker, "--restore", folder.File("no.db"));
        Assert.Equal((ExitCodes.Configuration, true), (refused, why.Contains("no.db", StringComparison.Ordinal)));
        var (code, said) = await RunAsync(broker, "--restore", copy);
        Assert.True(code == ExitCodes.Ok, said);
        await broker.Process.StartAgainAsync();
        await broker.Api.JobAsync(old);
        (await broker.Api.GetAsync($"/jobs/{newer}", broker.Api.Bot)).Is(404);
        using var kept = Open(broker.Database + ".before-restore");
        Assert.Equal(2, kept.Count("select count(*) from job"));
    }

    [Fact]
    public async Task JobsGoBackToThePythonBrokersShapeAndReturn()
    {
        await using var broker = await OwnBroker.StartAsync();
        var api = broker.Api;
        var done = await api.NewJobAsync("ping", "grüße");
        await api.TakeAsync();
        await api.FinishAsync(done, "pong");
        var failed = await api.NewJobAsync();
        await api.TakeAsync();
        await api.FailAsync(failed, "broken");
        var gpu = await api.NewJobNeedingAsync("x", "gpu");
        var waiting = await api.NewJobAsync("ping", "last");
        var python = folder.File("python.db");
        var (code, said) = await RunAsync(broker, "--to-python", python);
        Assert.True(code == ExitCodes.Ok, said);
        Assert.Equal(ExitCodes.Configuration, (await RunAsync(broker, "--to-python", python)).Code); // never over another

        using (var file = Open(python))
        {
            Assert.Equal(
                [$"{done}|done|grüße|pong||", $"{failed}|failed|hello||broken|", $"{gpu}|queued|x|||gpu", $"{waiting}|queued|last|||"],
                file.Lines("select id || '|' || status || '|' || payload || '|' || coalesce(result, '') || '|' || coalesce(error, '') || '|' || "
                    + "coalesce(requires ->> '$.caps[0]', '') from jobs order by rowid"));
        }
        await using var again = await BrokerProcess.StartAsync(python);
        Assert.Equal("pong", (await again.Api.JobAsync(done)).Text("result"));
        Assert.Equal(waiting, (await again.Api.TakeAsync()).Id());
        Assert.Equal(gpu, (await again.Api.TakeAsync("X-Worker-Caps: gpu")).Id());
    }

    [Fact]
    public async Task DoctorSaysWhatIsWrongAndHowToMendIt()
    {
        await using var broker = await OwnBroker.StartAsync();
        await broker.Api.NewJobAsync();
        var (code, said) = await RunAsync(broker, "--doctor");
        Assert.True(code == ExitCodes.Ok, said);
        Assert.Contains("OK    database       1 jobs (1 waiting, 0 running, 0 ended)", said, StringComparison.Ordinal);
        Assert.Contains("WARN  backup         there is none in", said, StringComparison.Ordinal);
        Assert.Contains("OK    broker         answers", said, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Ok, (await RunAsync(broker, "--backup")).Code);
        Assert.Equal(0, await broker.Process.Program.StopAsync());
        broker.Execute("update job_count set jobs = 7; update meta set last_accepted = 4000000000000; insert into token (name, hash, role, created_at, "
            + "created_by, expires_at) values ('old', x'00', 'bot', 1, 'me', 2)");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(broker.Database, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        (code, said) = await RunAsync(broker, "--doctor");
        Assert.Equal(ExitCodes.Failed, code);
        foreach (var expected in (string[])["WARN  counts", "FAIL  clock", "WARN  tokens         old has ended", "WARN  permissions", "OK    backup",
            "FAIL  broker         no broker answers"]) Assert.Contains(expected, said, StringComparison.Ordinal);
        Assert.All(said.Split('\n').Where(static l => !l.StartsWith("OK", StringComparison.Ordinal)), static l =>
            Assert.Matches("To mend it: |Start it, and|agree", l));
    }

    /// <summary>Of a new version that is being checked nobody gets an answer but who checks it, until the gate's file goes.</summary>
    [Fact]
    public async Task GateLetsOnlyItsTokenThrough()
    {
        var database = folder.File("broker.db");
        await File.WriteAllTextAsync(database + ".gate", "let-me-in");
        var port = FreePort.Take();
        await using var broker = ProgramProcess.Start(Program, Variables(database, port));
        await broker.WaitForLineAsync("Listening on");
        using var api = new Api(new Uri($"http://127.0.0.1:{port}"), BrokerProcess.BotToken, BrokerProcess.WorkerToken);
        var refused = await api.CreateAsync("ping", "x");
        Assert.Equal((503, "5"), (refused.Status, refused.Headers["Retry-After"]));
        (await api.ClaimAsync()).Is(503);
        (await api.GetAsync("/health")).Is(503);
        (await api.GetAsync("/health", "X-Gate-Token: let-me-out")).Is(503);
        (await api.GetAsync("/health/ready", "X-Gate-Token: let-me-in")).Is(200);
        Assert.Equal(ExitCodes.Ok, (await RunAsync(Variables(database, port), "--health")).Code);
        Assert.Equal((ExitCodes.Ok, "A job went all the way: created, claimed, finished, read, deleted."), await RunAsync(Variables(database, port), "--ping"));
        File.Delete(database + ".gate");
        (await api.CreateAsync("ping", "x")).Is(200);
        Assert.Single((await api.GetAsync("/jobs", api.Bot)).Is(200)["jobs"].EnumerateArray());
    }

    /// <summary>Neither what a ping left that was broken off, nor a limit that is reached, makes a version look broken.</summary>
    [Fact]
    public async Task PingGetsPastWhatAnotherLeftAndALimit()
    {
        var database = folder.File("broker.db");
        await using var broker = await BrokerProcess.StartAsync(database, new Dictionary<string, string> { ["MAX_QUEUED_JOBS"] = "2" });
        (await broker.Api.CreateFromAsync("""{"command":"ping","payload":"left","queue":"installation-check"}""")).Is(200);
        var variables = Variables(database, broker.Url.Port);
        Assert.Equal((ExitCodes.Ok, "A job went all the way: created, claimed, finished, read, deleted."), await RunAsync(variables, "--ping"));
        for (var i = 0; i < 2; i++) await broker.Api.NewJobAsync();
        var (code, said) = await RunAsync(variables, "--ping");
        Assert.Equal(ExitCodes.Ok, code);
        Assert.StartsWith("The broker answers, and takes no new job just now, by its limits", said, StringComparison.Ordinal);
        Assert.Equal(0, await broker.Program.StopAsync());
        Assert.Equal(ExitCodes.Unavailable, (await RunAsync(variables, "--ping")).Code);
    }

    [Fact]
    public async Task ServiceManagerHearsReadyPingsAndTheEnd()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        socket.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string>
        {
            ["NOTIFY_SOCKET"] = folder.File("notify"), ["WATCHDOG_USEC"] = "3000000",
        });
        var heard = new List<string>();
        void HearUntil(string what)
        {
            var buffer = new byte[1024];
            do heard.Add(Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)));
            while (!heard[^1].StartsWith(what, StringComparison.Ordinal));
        }

        HearUntil("READY=1");
        Assert.Equal($"READY=1\nSTATUS=listening on http://127.0.0.1:{broker.Url.Port}", heard[^1]);
        for (var i = 0; i < 3; i++) HearUntil("WATCHDOG=1");
        Assert.Equal(0, await broker.Program.StopAsync());
        HearUntil("STOPPING=1");
        Assert.Single(heard, static h => h.StartsWith("READY", StringComparison.Ordinal));
    }

    private static async Task<int> LoadAsync(Api api, CancellationToken stop)
    {
        var created = 0;
        for (; !stop.IsCancellationRequested; created++) await api.NewJobNeedingAsync("load", "nobody");
        return created;
    }

    private string EnvFile(string line)
    {
        var file = folder.File(Guid.NewGuid() + ".env");
        File.WriteAllText(file, $"# a comment\nBOT_TOKEN={BrokerProcess.BotToken}\nWORKER_TOKEN={BrokerProcess.WorkerToken}\n{line}\n");
        return file;
    }

    private static Opened Open(string path) => new(path);

    private sealed class Opened : IDisposable
    {
        private readonly SqliteConnection connection;

        public Opened(string path)
        {
            connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
            connection.Open();
        }

        public int Count(string sql) => int.Parse(Lines(sql).Single(), System.Globalization.CultureInfo.InvariantCulture);

        public List<string> Lines(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var lines = new List<string>();
            while (reader.Read()) lines.Add(reader.GetString(0));
            return lines;
        }

        public void Dispose() => connection.Dispose();
    }
}
