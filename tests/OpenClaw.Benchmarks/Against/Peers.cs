using System.Globalization;
using System.Reflection;
using OpenClaw.Benchmarks.Figures;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Against;

/// <summary>All peers: how each is started, with what its documents advise for throughput and for keeping what it has answered.</summary>
internal sealed class Peers(Bench bench, Arguments arguments)
{
    private const int SigInt = 2, SigTerm = 15;
    private const string Postgres = "PostgreSQL, fsync on, synchronous_commit on: each answer after its commit's sync";
    private static readonly Dictionary<string, string> None = [];
    private readonly Clients clients = new(bench);

    public IEnumerable<Peer> All =>
    [
        new("bullmq", "BullMQ", "Redis, appendonly, appendfsync always: each answer after its sync", "all jobs must fit into memory", BullMqAsync),
        new("graphile-worker", "graphile-worker", Postgres,
            "an ended job is deleted, so there is no result to ask for; a worker takes its next job before the end of the last is written; "
            + "the job of a worker that died waits four hours", () => OnPostgresAsync("graphile-worker")),
        new("pg-boss", "pg-boss", Postgres,
            "a job is completed by its id alone unless the caller names the attempt too, so a worker whose time is over can end the next one's; "
            + "the job of a worker that died waits 15 minutes unless set otherwise", () => OnPostgresAsync("pg-boss")),
        new("hangfire", "Hangfire", Postgres + "; idle workers poll each 50 ms, the least that it takes, and are woken by jobs of their own process",
            "no key that makes a repeated create harmless; the job of a worker that died waits 30 minutes unless set otherwise", HangfireAsync),
        new("rabbitmq", "RabbitMQ", "quorum queue of one node, persistent, publisher confirms (after the sync), manual ack, prefetch as many as lanes",
            "acks are not confirmed: a cycle ends when its ack is sent, and after a crash the job may come again; no job to ask about, no result, "
            + "no key that makes a repeated create harmless", RabbitMqAsync),
        new("beanstalkd", "beanstalkd", "-b, -f 0: put and delete are answered after their sync",
            "reserve is in memory alone: after a crash nobody knows who had a job; a deleted job has no result; no key that makes a repeated create harmless",
            BeanstalkdAsync),
        .. (arguments.List("python-broker") ?? [""]).Select(folder => new Peer("python", TitleOf(folder),
            "SQLite as it opens it, each commit synced; one uvicorn process",
            "no lease tokens, so a worker that lost its job can end the next one's attempt; no key that makes a repeated create harmless",
            () => PythonAsync(folder))),
    ];

    private static string TitleOf(string folder) =>
        folder.Length == 0 ? "Python broker" : $"Python broker ({Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))})";

    private async Task<RunningPeer> BullMqAsync()
    {
        var redis = Tool.Find("redis-server", "redis-server");
        var version = $"{await clients.InstallAsync("bullmq")}, Redis {await Tool.VersionAsync(redis, "--version")}";
        var port = FreePort.Take();
        return await StartAsync(() => version, async server =>
        {
            await server.StartAsync(redis, None, "Ready to accept connections", SigTerm, "--port", Text(port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "yes", "--appendfsync", "always", "--dir", server.Folder);
            return turn => clients.LoadAsync("bullmq", port, turn);
        });
    }

    private async Task<RunningPeer> OnPostgresAsync(string client)
    {
        var program = FindPostgres();
        var version = $"{await clients.InstallAsync(client)}, PostgreSQL {await Tool.VersionAsync(program, "--version")}";
        return await StartAsync(() => version, async server =>
        {
            await StartPostgresAsync(server, program);
            return turn => clients.LoadAsync(client, server.Folder, turn);
        });
    }

    private async Task<RunningPeer> HangfireAsync()
    {
        var build = new DirectoryInfo(AppContext.BaseDirectory); // …/tests/OpenClaw.Benchmarks/bin/Release/net10.0
        var client = Path.Combine(build.Parent!.Parent!.Parent!.Parent!.FullName, "OpenClaw.Benchmarks.Hangfire", "bin", build.Parent.Name, build.Name,
            "openclaw-benchmarks-hangfire.dll");
        if (!File.Exists(client))
        {
            throw new PeerMissingException("its client is a project of its own and not built: dotnet build -c Release tests/OpenClaw.Benchmarks.Hangfire");
        }
        var program = FindPostgres();
        var own = AssemblyName.GetAssemblyName(Path.Combine(Path.GetDirectoryName(client)!, "Hangfire.Core.dll")).Version?.ToString(3);
        var version = $"{own}, .NET {Environment.Version}, PostgreSQL {await Tool.VersionAsync(program, "--version")}";
        return await StartAsync(() => version, async server =>
        {
            await StartPostgresAsync(server, program);
            return turn => clients.LoadHangfireAsync(client, server.Folder, turn);
        });
    }

    private async Task<RunningPeer> RabbitMqAsync()
    {
        // Debian's command on the path lets only root and its own user in.
        var program = Tool.FindFile(["/usr/lib/rabbitmq/bin/rabbitmq-server"]) ?? Tool.Find("rabbitmq-server", "rabbitmq-server");
        var epmd = Tool.Find("epmd", "erlang-base");
        var client = await clients.InstallAsync("amqplib");
        var (port, names) = (FreePort.Take(), FreePort.Take());
        var version = "";
        return await StartAsync(() => $"{version}, amqplib {client}", async server =>
        {
            var environment = new Dictionary<string, string>
            {
                // Its own register of names, which Erlang would otherwise start by itself and leave behind.
                ["ERL_EPMD_PORT"] = Text(names),
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_NODENAME"] = "bench@localhost",
                ["RABBITMQ_DIST_PORT"] = Text(FreePort.Take()),
                ["RABBITMQ_CONF_ENV_FILE"] = server.File("none.conf"),
                ["RABBITMQ_CONFIG_FILE"] = server.File("rabbitmq"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = server.File("plugins"),
                ["RABBITMQ_MNESIA_BASE"] = server.File("mnesia"),
                ["RABBITMQ_LOG_BASE"] = server.File("log"),
                ["RABBITMQ_PID_FILE"] = server.File("pid"),
                ["RUNNING_UNDER_SYSTEMD"] = "1", // the script becomes the server: a signal reaches it
            };
            await File.WriteAllTextAsync(server.File("rabbitmq.conf"), $"listeners.tcp.1 = 127.0.0.1:{port}\n");
            await server.StartAsync(epmd, environment, "epmd running", SigTerm, "-d", "-port", Text(names), "-address", "127.0.0.1");
            var rabbit = await server.StartAsync(program, environment, "completed with", SigTerm);
            version = rabbit.Output.Split('\n').First(static l => l.Contains("RabbitMQ ", StringComparison.Ordinal)).Split("RabbitMQ ")[1].Split(' ')[0];
            return turn => clients.LoadAsync("rabbitmq", port, turn);
        });
    }

    private async Task<RunningPeer> BeanstalkdAsync()
    {
        var program = Tool.Find("beanstalkd", "beanstalkd");
        await clients.InstallAsync("amqplib"); // its own client needs no package, but the same Node
        var version = await Tool.VersionAsync(program, "-v");
        var port = FreePort.Take();
        return await StartAsync(() => version, async server =>
        {
            await server.StartAsync(program, None, "bind ", SigTerm, "-V", "-b", server.Folder, "-f", "0", "-l", "127.0.0.1", "-p", Text(port));
            return turn => clients.LoadAsync("beanstalkd", port, turn);
        });
    }

    private async Task<RunningPeer> PythonAsync(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "broker", "app.py")))
        {
            throw new PeerMissingException(folder.Length == 0 ? "it takes --python-broker FOLDER,FOLDER, each with its broker/app.py"
                : $"there is no broker/app.py in '{folder}'");
        }
        var python = arguments.Text("python", "python3");
        var versions = await Tool.RunAsync(python, TimeSpan.FromSeconds(30), "-c",
            "import platform as p, fastapi as f, uvicorn as u; print(f'Python {p.python_version()}, FastAPI {f.__version__}, uvicorn {u.__version__}')");
        return new RunningPeer(versions.Trim(), async turn =>
        {
            // A file of its own in each turn, as ours has: its claims slow down with the jobs that have ended.
            using var temp = new TempFolder();
            var port = FreePort.Take();
            var environment = new Dictionary<string, string>(Tool.OwnEnvironment)
            {
                ["BROKER_DB"] = temp.File("theirs.db"),
                ["BOT_TOKEN"] = BrokerProcess.BotToken,
                ["WORKER_TOKEN"] = BrokerProcess.WorkerToken,
                ["LEASE_SECONDS"] = "600",
            };
            await using var uvicorn = ProgramProcess.Start(python, environment, "-m", "uvicorn", "broker.app:app", "--app-dir", folder, "--port", Text(port),
                "--log-level", "info", "--no-access-log");
            await uvicorn.WaitForLineAsync("Uvicorn running");
            return await bench.TurnAsync(new Uri($"http://127.0.0.1:{port}"));
        });
    }

    private static string FindPostgres() => Tool.FindFile(Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(static d => int.TryParse(Path.GetFileName(d), out var n) ? n : 0)
            .Select(static d => Path.Combine(d, "bin", "postgres"))
        : []) ?? Tool.Find("postgres", "postgresql");

    private static async Task StartPostgresAsync(Server server, string program)
    {
        var data = server.File("data");
        await server.RunAsync(Path.Combine(Path.GetDirectoryName(program)!, "initdb"), "-D", data, "-U", "postgres", "--auth", "trust",
            "--no-locale", "-E", "UTF8");
        // Reached by its socket alone, in a folder that nobody else can enter; with room for what it keeps in memory and writes between checkpoints.
        string[] settings = ["listen_addresses=", "fsync=on", "synchronous_commit=on", "max_connections=200", "shared_buffers=256MB", "max_wal_size=4GB"];
        await server.StartAsync(program, None, "ready to accept connections", SigInt,
            ["-D", data, "-k", server.Folder, .. settings.SelectMany(static s => new[] { "-c", s })]);
    }

    /// <summary>A peer of servers; where one of them does not come up, those before it are stopped.</summary>
    private static async Task<RunningPeer> StartAsync(Func<string> version, Func<Server, Task<Func<string, Task<Turn>>>> startAsync)
    {
        var server = await Server.NewAsync();
        try
        {
            var load = await startAsync(server);
            return new RunningPeer(version(), load, server);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
