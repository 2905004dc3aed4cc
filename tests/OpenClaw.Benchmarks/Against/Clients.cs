using System.Globalization;
using System.Text.Json;
using OpenClaw.Benchmarks.Figures;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Against;

/// <summary>The peers' clients: those in JavaScript, for which npm fetches what they need (a Node of a version of its own too), and Hangfire's.</summary>
internal sealed class Clients(Bench bench)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Against", "Clients");
    private static readonly string Installed = Path.Combine(Folder, "node_modules");
    private string? node;

    /// <summary>What a client's version column says: its package and what runs it.</summary>
    public async Task<string> InstallAsync(string package)
    {
        if (node is null)
        {
            await Tool.RunAsync(Tool.Find("npm", "npm"), TimeSpan.FromMinutes(10), "install", "--prefix", Folder, "--no-audit", "--no-fund");
            // Where npm runs no scripts of packages, that Node is not there.
            node = Tool.FindFile([Path.Combine(Installed, "node", "bin", "node")]) ?? Tool.Find("node", "nodejs");
        }
        var about = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Installed, package, "package.json"))).RootElement;
        return $"{about.GetProperty("version").GetString()}, Node {await Tool.VersionAsync(node, "--version")}";
    }

    /// <param name="server">A port, or a socket's folder.</param>
    public Task<Turn> LoadAsync(string client, object server, string turn) => LoadAsync(node!, Path.Combine(Folder, client + ".mjs"),
        JsonSerializer.Serialize(new
        {
            server,
            name = turn,
            connections = bench.Connections,
            warmup = bench.Warmup,
            seconds = bench.Seconds,
            payloadBytes = bench.PayloadBytes,
        }));

    /// <summary>Its connections are used as Npgsql's page on performance advises: statements stay prepared, and nothing is to be reset.</summary>
    public Task<Turn> LoadHangfireAsync(string program, string socketFolder, string turn) => LoadAsync("dotnet",
    [
        program, $"Host={socketFolder};Username=postgres;Database=postgres;Maximum Pool Size=120;Max Auto Prepare=100;No Reset On Close=true", turn,
        .. new[] { bench.Connections, bench.Warmup, bench.Seconds, bench.PayloadBytes }.Select(static n => n.ToString(CultureInfo.InvariantCulture)),
    ]);

    private async Task<Turn> LoadAsync(string program, params string[] arguments)
    {
        await using var client = ProgramProcess.Start(program, Tool.OwnEnvironment, arguments);
        return Turn.Parse(await client.WaitForLineAsync("\"rate\"", TimeSpan.FromSeconds(bench.Warmup + bench.Seconds + 60)));
    }
}
