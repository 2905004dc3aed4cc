using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Against;

/// <summary>
/// The servers of a peer, as children of this process, in a folder of their own that goes with them. Where we are root they are nobody: PostgreSQL
/// refuses to be root, and none of them asks for a password.
/// </summary>
internal sealed class Server : IAsyncDisposable
{
    private const string Nobody = "65534";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TempFolder folder = new();
    private readonly Stack<(ProgramProcess Process, int Signal)> processes = [];

    private Server()
    {
    }

    public string Folder => folder.Path;

    public static async Task<Server> NewAsync()
    {
        var server = new Server();
        if (Environment.IsPrivilegedProcess) await Tool.RunAsync("chown", Patience, $"{Nobody}:{Nobody}", server.Folder);
        return server;
    }

    public string File(string name) => folder.File(name);

    /// <summary>Runs one of its programs that ends by itself.</summary>
    public Task RunAsync(string program, params string[] arguments)
    {
        string[] line = [.. AsNobody, program, .. arguments];
        return Tool.RunAsync(line[0], Patience * 2, line[1..]);
    }

    /// <summary>Starts one of its programs and waits until it says that it is ready.</summary>
    /// <param name="ready">A part of the line.</param>
    /// <param name="signal">What makes it end soon and in order.</param>
    public async Task<ProgramProcess> StartAsync(string program, IReadOnlyDictionary<string, string> environment, string ready, int signal,
        params string[] arguments)
    {
        string[] line = [.. AsNobody, program, .. arguments];
        var process = ProgramProcess.Start(line[0], new Dictionary<string, string>(environment) { ["HOME"] = Folder }, line[1..]);
        processes.Push((process, signal));
        await process.WaitForLineAsync(ready, Patience * 2);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (process, signal) in processes)
        {
            if (!process.Process.HasExited) await StopAsync(process, signal);
            await process.DisposeAsync();
        }
        folder.Dispose();
    }

    private static string[] AsNobody =>
        Environment.IsPrivilegedProcess ? [Tool.Find("setpriv", "util-linux"), "--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--"] : [];

    private static async Task StopAsync(ProgramProcess process, int signal)
    {
        process.Signal(signal);
        try
        {
            await process.WaitForExitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Process.Kill(entireProcessTree: true);
        }
    }
}
