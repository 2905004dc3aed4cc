using System.CommandLine;
using System.Diagnostics;
using OpenClaw.Cli.Dev;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Machine;

/// <summary>
/// What <c>doctor</c> says of a runner on this machine. The runner reads its variables and the file of one's own commands itself, as the user that its
/// service has: so what is found is what its next start would find.
/// </summary>
/// <param name="isService">Whether it is the installation's.</param>
internal sealed class RunnerDoctor(string envFile, bool isService)
{
    private const string Program = "openclaw-runner", Config = "RUNNER_CONFIG";

    /// <summary>Where an installation keeps the runner's variables, then where one that somebody enrolled has them; the first that is there counts.</summary>
    private static readonly string[] EnvFiles =
    [
        "/etc/openclaw/runner.env", "/opt/openclaw-runner/runner.env",
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "openclaw-runner", "runner.env"),
    ];

    public static readonly Option<string?> Env = new("--runner-env")
    {
        Description = "The runner's file of variables [default: the installation's, or that of an enrolled runner]",
        HelpName = "FILE",
    };

    public string EnvFile => envFile;

    /// <summary>Whether this user may read the runner's variables, as root may.</summary>
    public bool CanBeRead
    {
        get
        {
            try
            {
                using var file = File.OpenRead(envFile);
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>The runner of this machine; null where there is none.</summary>
    /// <param name="named">Its file of variables, where it was named.</param>
    public static RunnerDoctor? Find(string? named) => (named ?? EnvFiles.FirstOrDefault(File.Exists)) is { } envFile
        ? new RunnerDoctor(envFile, named is null && Environment.IsPrivilegedProcess && HasUser()) : null;

    /// <summary>Says a line for each thing.</summary>
    /// <returns>Whether nothing fails.</returns>
    public async Task<bool> LookAsync(CancellationToken stop)
    {
        try
        {
            var variables = Programs.EnvFile.Parse(await File.ReadAllLinesAsync(envFile, stop), envFile);
            var commands = variables.TryGetValue(Config, out var config) ? config.Value : null;
            LookAtRights(envFile, $"chmod go= {envFile}");
            if (commands is not null) LookAtRights(commands, $"{(isService ? $"chgrp {Program} {commands}; " : "")}chmod g-w,o= {commands}");
            var problems = await CheckAsync(variables.ToDictionary(static v => v.Key, static v => v.Value.Value), stop);
            foreach (var problem in problems) Finding.Say("FAIL", problem.Contains(Config, StringComparison.Ordinal) ? "commands" : "runner", problem);
            if (problems.Count == 0) Finding.Say("OK", "runner", $"it takes {envFile}{(commands is null ? "" : $", and the commands in {commands}")}");
            return problems.Count == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Finding.Say("WARN", "runner", $"{envFile} can't be read ({e.Message}). To mend it: sudo clawctl doctor");
            return true;
        }
        catch (SettingsException e)
        {
            foreach (var problem in e.Problems) Finding.Say("FAIL", "runner", problem);
            return false;
        }
    }

    /// <summary>Who may write what a runner runs decides what it runs; who may read it may see what is no business of his.</summary>
    private static void LookAtRights(string path, string mend)
    {
        const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (OperatingSystem.IsWindows() || !File.Exists(path) || (File.GetUnixFileMode(path) & Others) == UnixFileMode.None) return;
        Finding.Say("WARN", "permissions", $"others on this machine get at {path}. To mend it: {mend}");
    }

    /// <summary>Has the runner read its configuration; a service gets it out of a file that root alone reads, and is another user.</summary>
    /// <returns>What is wrong, each with how to mend it.</returns>
    private async Task<IReadOnlyList<string>> CheckAsync(IReadOnlyDictionary<string, string> variables, CancellationToken stop)
    {
        string[] words = [.. isService ? (string[])["runuser", "-u", Program, "--"] : [], .. ProgramFiles.Find("OpenClaw.Runner", Program), "--check-config"];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(stop);
        var lines = (await process.StandardError.ReadToEndAsync(stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await output;
        await process.WaitForExitAsync(stop);
        if (process.ExitCode == ExitCodes.Ok) return [];
        return lines.Length == 0 ? [$"{Program} --check-config ended with {process.ExitCode}"] : [.. lines.Select(static l => l.Replace($"{Program}: ", ""))];
    }

    private static bool HasUser() =>
        File.Exists("/etc/passwd") && File.ReadLines("/etc/passwd").Any(static l => l.StartsWith($"{Program}:", StringComparison.Ordinal));
}
