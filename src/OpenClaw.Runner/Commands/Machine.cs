using System.Runtime.Versioning;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Commands;

/// <summary>What a file of commands is read against: the programs, folders and variables that are there.</summary>
/// <param name="Find">The full path of a program that this user may run; null where there is none.</param>
/// <param name="Variable">A variable's value; null where it is unset.</param>
/// <param name="Secrets">Texts that no command may hold.</param>
internal sealed record Machine(
    Func<string, string?> Find, Func<string, bool> HasFolder, Func<string, string?> Variable, IReadOnlyList<string> Secrets, bool HasSystemd, bool IsLinux)
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>What every command gets of the runner's environment, beside <c>LC_*</c>.</summary>
    private static readonly string[] Shared = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

    /// <summary>This machine, with the variables of the runner's environment and of its file.</summary>
    public static Machine Of(Settings settings, IReadOnlyList<string> secrets) => new(
        static name => OperatingSystem.IsLinux() ? Locate(name) : null, Directory.Exists, settings.Text, secrets,
        Directory.Exists("/run/systemd/system"), OperatingSystem.IsLinux());

    /// <summary>The environment that every command gets, as <c>NAME=value</c>.</summary>
    public static IEnumerable<string> BaseEnvironment()
    {
        var variables = Environment.GetEnvironmentVariables();
        foreach (string name in variables.Keys)
        {
            if (name != "PATH" && (Shared.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal))) yield return $"{name}={variables[name]}";
        }
        yield return PathVariable;
    }

    /// <summary>As <c>PATH=value</c>.</summary>
    public static string PathVariable => $"PATH={Environment.GetEnvironmentVariable("PATH") ?? DefaultPath}";

    [SupportedOSPlatform("linux")]
    public static string? Locate(string name)
    {
        if (name.Contains('/')) return Path.IsPathFullyQualified(name) && CanRun(name) ? name : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? DefaultPath).Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified).Select(folder => Path.Combine(folder, name)).FirstOrDefault(CanRun);
    }

    [SupportedOSPlatform("linux")]
    private static bool CanRun(string path) => File.Exists(path) && NativeProcess.MayRun(path);
}
