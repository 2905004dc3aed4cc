using System.Diagnostics;

namespace OpenClaw.Testing;

/// <summary>A network of one test alone, with interfaces and addresses as it likes; gone with it.</summary>
public sealed class NetworkNamespace : IAsyncDisposable
{
    private const string Ready = "ready";
    private readonly ProgramProcess holder;

    private NetworkNamespace(ProgramProcess holder) => this.holder = holder;

    /// <summary>The command line that runs what comes after it in this network.</summary>
    public string[] Enter => ["nsenter", "--target", $"{holder.Process.Id}", "--user", "--net", "--preserve-credentials"];

    /// <summary>Why this machine can't have one; null where it can.</summary>
    public static string? Missing()
    {
        try
        {
            using var tried = Process.Start(new ProcessStartInfo("unshare", ["--map-root-user", "--net", "ip", "link", "set", "lo", "up"])
            {
                RedirectStandardError = true,
            })!;
            var error = tried.StandardError.ReadToEnd();
            tried.WaitForExit();
            return tried.ExitCode == 0 ? null : $"no network namespace can be made here: {error}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"no network namespace can be made here: {e.Message}";
        }
    }

    public static async Task<NetworkNamespace> CreateAsync()
    {
        var holder = ProgramProcess.Start("unshare", new Dictionary<string, string>(), "--map-root-user", "--net", "sh", "-c",
            $"ip link set lo up && echo {Ready} && exec sleep infinity");
        await holder.WaitForLineAsync(Ready);
        return new NetworkNamespace(holder);
    }

    /// <summary>An interface that is up, and has no address yet.</summary>
    public async Task AddInterfaceAsync(string name)
    {
        await RunAsync("ip", "link", "add", name, "type", "veth", "peer", "name", "peer-" + name[..Math.Min(name.Length, 8)]);
        await RunAsync("ip", "link", "set", name, "up");
    }

    public Task AddAddressAsync(string address, string name) =>
        RunAsync(address.Contains(':', StringComparison.Ordinal) ? ["ip", "address", "add", address, "dev", name, "nodad"]
            : ["ip", "address", "add", address, "dev", name]);

    public Task RemoveAddressAsync(string address, string name) => RunAsync("ip", "address", "del", address, "dev", name);

    /// <summary>Runs a program in this network, and gives what it wrote.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public async Task<string> RunAsync(params string[] command)
    {
        var (code, output) = await TryAsync(command);
        return code == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}: {output}");
    }

    /// <summary>As <see cref="RunAsync"/>, with the exit code whatever it is.</summary>
    public async Task<(int Code, string Output)> TryAsync(params string[] command)
    {
        await using var program = Start(new Dictionary<string, string>(), command);
        var code = await program.WaitForExitAsync();
        return (code, program.Output);
    }

    public ProgramProcess Start(IReadOnlyDictionary<string, string> environment, params string[] command) =>
        ProgramProcess.Start(Enter[0], environment, [.. Enter[1..], .. command]);

    public ValueTask DisposeAsync() => holder.DisposeAsync();
}
