using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary><c>dev</c> as a person meets it: real processes, the printed lines run as printed.</summary>
public sealed class DevTests : IDisposable
{
    private const int SigInt = 2;
    private const string Ready = "All runs until you press Ctrl-C.";

    private readonly TempFolder folder = new();
    private readonly int port = FreePort.Take();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ItRunsAJobKeepsItsPromisesAndEnds()
    {
        await using var dev = await StartAsync();
        Assert.Contains("pong: hello", dev.Output, StringComparison.Ordinal);
        Assert.True(FileModes.IsPrivate(folder.File("dev")));
        foreach (var token in (string[])["bot-token", "worker-token", "admin-token"]) Assert.True(FileModes.IsPrivate(folder.File("dev/" + token)));

        var curls = dev.Output.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith("curl ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, curls.Count);
        Assert.Contains("\"status\":\"queued\"", await ShellAsync(curls[0]), StringComparison.Ordinal);
        Assert.Contains("\"result\":\"pong: hello\"", await ShellAsync(curls[1]), StringComparison.Ordinal);

        var submit = await RunAsync("submit", "ping", "by hand", "--wait");
        Assert.Equal((ExitCodes.Ok, "pong: by hand\n"), (submit.ExitCode, submit.Out));
        var second = await RunAsync("dev");
        Assert.Equal(ExitCodes.Failed, second.ExitCode);
        Assert.Contains($"another `clawctl dev` uses {folder.File("dev")}, at http://127.0.0.1:{port}", second.Messages, StringComparison.Ordinal);

        var children = Children(dev);
        Assert.NotEmpty(children);
        dev.Signal(SigInt);
        Assert.Equal(ExitCodes.Ok, await dev.WaitForExitAsync());
        await GoneAsync(children);
    }

    [Fact]
    public async Task ASecondRunKeepsTokensAndJobsAndStepsAsideFromATakenPort()
    {
        string token, id;
        await using (var first = await StartAsync())
        {
            token = await File.ReadAllTextAsync(folder.File("dev/bot-token"));
            id = (await RunAsync("submit", "ping", "kept", "--wait", "--json")).Out.Split('"')[3];
            Assert.Equal(ExitCodes.Ok, await first.StopAsync());
        }
        using var taker = new TcpListener(IPAddress.Loopback, port);
        taker.Start();
        await using var second = await StartAsync();
        Assert.Contains($"port {port} is taken, using", second.Output, StringComparison.Ordinal);
        Assert.Equal(token, await File.ReadAllTextAsync(folder.File("dev/bot-token")));
        Assert.Contains("pong: kept", (await RunAsync("status", id)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingOutlivesItWhenItIsKilled()
    {
        await using var dev = await StartAsync();
        var children = Children(dev);
        Assert.NotEmpty(children);
        await dev.KillAsync();
        await GoneAsync(children);
    }

    [Fact]
    public async Task AChildsDeathIsSaidAndEndsIt()
    {
        await using var dev = await StartAsync();
        var children = Children(dev);
        bool IsRunner(string line) => line.Contains("openclaw-runner.dll", StringComparison.Ordinal) && !line.StartsWith("/bin/sh", StringComparison.Ordinal);
        using var runner = Process.GetProcessById(children.Single(c => IsRunner(CommandLine(c))));
        runner.Kill();
        Assert.Equal(ExitCodes.Failed, await dev.WaitForExitAsync());
        Assert.Contains("the runner ended by itself with exit code 137", dev.Output, StringComparison.Ordinal);
        Assert.Contains("  | ", dev.Output, StringComparison.Ordinal);
        await GoneAsync(children);
    }

    [Fact]
    public async Task AFolderThatCannotBeUsedIsSaid()
    {
        var run = await Clawctl.RunAsync(new Dictionary<string, string>(), "dev", "--folder", "/dev/null/x");
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Contains("Name another with --folder", run.Messages, StringComparison.Ordinal);
    }

    private async Task<ProgramProcess> StartAsync()
    {
        var dev = ProgramProcess.Start(
            Clawctl.Program, new Dictionary<string, string>(), "dev", "--folder", folder.File("dev"), "--port", port.ToString(CultureInfo.InvariantCulture));
        await dev.WaitForLineAsync(Ready);
        return dev;
    }

    private Task<Clawctl> RunAsync(params string[] arguments) =>
        Clawctl.RunAsync(new Dictionary<string, string>(), [.. arguments, "--folder", folder.File("dev")]);

    private static async Task<string> ShellAsync(string line)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output;
    }

    /// <summary>All processes below it.</summary>
    private static List<int> Children(ProgramProcess dev)
    {
        var parents = Directory.GetDirectories("/proc")
            .Select(d => Path.GetFileName(d)).Where(n => n.All(char.IsAsciiDigit))
            .Select(n => (Id: int.Parse(n, CultureInfo.InvariantCulture), Parent: ParentOf(n))).ToLookup(p => p.Parent, p => p.Id);
        var found = new List<int>();
        void Add(int parent)
        {
            foreach (var child in parents[parent])
            {
                found.Add(child);
                Add(child);
            }
        }

        Add(dev.Process.Id);
        return found;
    }

    /// <summary>Waits until none of the processes runs.</summary>
    private static async Task GoneAsync(IEnumerable<int> processes)
    {
        using var deadline = new CancellationTokenSource(Broken.After);
        foreach (var id in processes)
        {
            while (Directory.Exists($"/proc/{id}") && CommandLine(id).Length > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token);
            }
        }
    }

    /// <summary>Empty where the process has ended.</summary>
    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static int ParentOf(string id)
    {
        try
        {
            // pid (name) state parent
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
