using System.Collections;
using System.Text.RegularExpressions;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Against;

/// <summary>Programs of others that this machine may have.</summary>
internal static partial class Tool
{
    /// <summary>This process's own variables: npm and Python find their settings and certificates there.</summary>
    public static Dictionary<string, string> OwnEnvironment { get; } =
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static e => (string)e.Key, static e => (string)e.Value!);

    /// <exception cref="PeerMissingException">It is nowhere on the path.</exception>
    public static string Find(string program, string package) =>
        FindFile((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)))
            ?? throw new PeerMissingException($"{program} is not on the path. tests/OpenClaw.Benchmarks/peers installs it, as root; "
                + $"or install Debian's package {package} yourself.");

    public static string? FindFile(IEnumerable<string> candidates) => candidates.FirstOrDefault(File.Exists);

    /// <summary>What a program prints that ends by itself.</summary>
    /// <exception cref="PeerMissingException">It ended with another code than 0.</exception>
    public static async Task<string> RunAsync(string program, TimeSpan timeout, params string[] arguments)
    {
        await using var process = ProgramProcess.Start(program, OwnEnvironment, arguments);
        return await process.WaitForExitAsync(timeout) == 0 ? process.Output
            : throw new PeerMissingException($"'{program} {string.Join(' ', arguments)}' ended with {process.Process.ExitCode}; repair what it says on "
                + $"standard error.\n{process.Output}");
    }

    /// <summary>The first version number that a program prints.</summary>
    public static async Task<string> VersionAsync(string program, string argument) =>
        Number().Match(await RunAsync(program, TimeSpan.FromSeconds(30), argument)).Value;

    [GeneratedRegex(@"\d+(\.\d+)+")]
    private static partial Regex Number();
}
