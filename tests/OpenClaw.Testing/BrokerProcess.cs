using System.Globalization;
using System.Net.Sockets;
using OpenClaw.Client;
using OpenClaw.Programs;
using OpenClaw.Testing.Http;

namespace OpenClaw.Testing;

/// <summary>A real broker process on a free loopback port over a database file; restarted, it keeps port and file.</summary>
public sealed class BrokerProcess : IAsyncDisposable
{
    public const string BotToken = "bot-token-of-the-tests-0123456789abcdef";
    public const string WorkerToken = "worker-token-of-the-tests-0123456789abcdef";

    private static readonly HttpClient Probe = new();
    private readonly Dictionary<string, string> environment;
    private readonly string[] wrap;

    private readonly string program;

    private BrokerProcess(string database, int port, IReadOnlyDictionary<string, string>? more, string[]? wrap, string? program)
    {
        this.wrap = wrap ?? [];
        this.program = program ?? Repository.Broker;
        environment = new Dictionary<string, string>
        {
            [Variables.BrokerDb] = database,
            [Variables.BrokerHost] = "127.0.0.1",
            [Variables.BrokerPort] = port.ToString(CultureInfo.InvariantCulture),
            [Variables.BotToken] = BotToken,
            [Variables.WorkerToken] = WorkerToken,
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string>()) environment[name] = value;
        Url = new Uri($"http://127.0.0.1:{port}");
        Api = new Api(Url, BotToken, WorkerToken);
    }

    public Uri Url { get; }

    /// <summary>Requests as they are on the wire.</summary>
    public Api Api { get; }

    public ProgramProcess Program { get; private set; } = null!;

    /// <summary>Starts a broker and returns when it answers.</summary>
    /// <param name="wrap">A program with arguments that execs the command line after them, such as <c>unshare</c>.</param>
    /// <param name="program">Another build than the tests' own, such as a published one.</param>
    public static async Task<BrokerProcess> StartAsync(string database, IReadOnlyDictionary<string, string>? more = null, string[]? wrap = null,
        string? program = null)
    {
        var broker = new BrokerProcess(database, FreePort.Take(), more, wrap, program);
        await broker.StartAgainAsync();
        return broker;
    }

    /// <summary>Starts the process again, after it was stopped or killed.</summary>
    /// <param name="changes">Variables that have other values from now on.</param>
    public async Task StartAgainAsync(IReadOnlyDictionary<string, string>? changes = null)
    {
        foreach (var (name, value) in changes ?? new Dictionary<string, string>()) environment[name] = value;
        if (Program is not null) await Program.DisposeAsync();
        Program = wrap is [var wrapper, .. var arguments] ? ProgramProcess.Start(wrapper, environment, [.. arguments, "dotnet", program])
            : ProgramProcess.Start(program, environment);
        using var deadline = new CancellationTokenSource(Broken.After);
        while (true)
        {
            try
            {
                using var answer = await Probe.GetAsync(new Uri(Url, "health"), deadline.Token);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException && !Program.Process.HasExited)
            {
                // Not listening yet.
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
            {
                throw new InvalidOperationException("the broker did not come up:\n" + Program.Output, e);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, deadline.Token);
        }
    }

    /// <summary>A client with both tokens and a worker's name.</summary>
    public BrokerClient Client(string? workerId = null, params string[] caps) =>
        new(new HttpClient(), Url, new BrokerCredentials { BotToken = BotToken, WorkerToken = WorkerToken, WorkerId = workerId, Caps = caps },
            TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        if (Program is not null) await Program.DisposeAsync();
        Api.Dispose();
    }
}
