using System.Globalization;
using System.Runtime.Versioning;

namespace OpenClaw.Runner.Commands;

/// <summary>What no command in a sandbox may see: the runner's folder, and the files that hold its secrets.</summary>
internal sealed record Hidden(string StateFolder, IReadOnlyList<string> Files);

/// <summary>How a command is started within its sandbox.</summary>
[SupportedOSPlatform("linux")]
internal static class Sandbox
{
    private static readonly string[] Homes = ["/home", "/root", "/run/user"];

    /// <param name="start">What to start where there is no sandbox.</param>
    /// <param name="files">The job's own files, which it may read.</param>
    /// <param name="unit">A name that nothing else has.</param>
    public static ChildStart Wrap(CommandDefinition command, ChildStart start, IReadOnlyList<string> files, Hidden hidden, string unit) =>
        command.Sandbox.Kind switch
        {
            SandboxKind.Bwrap => start with { Program = Find("bwrap"), Arguments = Bwrap(command, start, files, hidden) },
            SandboxKind.Systemd => Systemd(command, start, files, hidden, unit),
            _ => start,
        };

    private static List<string> Bwrap(CommandDefinition command, ChildStart start, IReadOnlyList<string> files, Hidden hidden)
    {
        var rules = command.Sandbox;
        List<string> to = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--tmpfs", "/run",
            "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"];
        if (rules.Network) to.AddRange(["--ro-bind-try", "/run/systemd/resolve", "/run/systemd/resolve"]);
        else to.Add("--unshare-net");
        foreach (var home in Homes.Where(static h => h != "/run/user" && Directory.Exists(h))) to.AddRange(["--tmpfs", home]);
        if (Directory.Exists(hidden.StateFolder)) to.AddRange(["--tmpfs", hidden.StateFolder]);
        foreach (var file in hidden.Files.Where(f => File.Exists(f) && !IsUnder(f, Homes) && !IsUnder(f, ["/tmp", "/var/tmp", "/run"])))
        {
            to.AddRange(["--ro-bind", "/dev/null", file]);
        }
        foreach (var file in (string[])[start.Program, .. files]) to.AddRange(["--ro-bind", file, file]);
        foreach (var path in (string[])[start.Folder, .. rules.Write ?? []]) to.AddRange(["--bind", path, path]);
        foreach (var device in rules.Devices ?? []) to.AddRange(["--dev-bind", device, device]);
        // No --die-with-parent: all are in one process group, and who gets SIGTERM is to have its grace time.
        to.AddRange(["--chdir", start.Folder, "--", start.Program, .. start.Arguments]);
        return to;
    }

    private static ChildStart Systemd(CommandDefinition command, ChildStart start, IReadOnlyList<string> files, Hidden hidden, string unit)
    {
        var rules = command.Sandbox;
        string[] manager = Environment.IsPrivilegedProcess ? [] : ["--user"];
        List<string> to =
        [
            .. manager, "--quiet", "--pipe", "--wait", "--collect", "--service-type=exec", $"--unit={unit}", $"--working-directory={start.Folder}",
        ];
        // The values are in the client's environment, and so in no list of processes.
        foreach (var pair in start.Environment) to.Add($"--setenv={pair[..pair.IndexOf('=')]}");
        var whereTheRunnerDied = TimeSpan.FromSeconds(30);
        List<string> properties =
        [
            "KillMode=control-group", Seconds("TimeoutStopSec", command.Grace), Seconds("RuntimeMaxSec", command.Timeout + command.Grace + whereTheRunnerDied),
            "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=tmpfs", "PrivateTmp=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes",
            "ProtectKernelLogs=yes", "ProtectControlGroups=yes", "ProtectProc=invisible", "RestrictSUIDSGID=yes", "LockPersonality=yes",
            $"PrivateNetwork={YesNo(!rules.Network)}", $"PrivateDevices={YesNo(rules.Devices is not { Count: > 0 })}",
            $"TemporaryFileSystem={hidden.StateFolder}:ro", .. hidden.Files.Select(static f => $"InaccessiblePaths=-{f}"),
            .. ((string[])[start.Program, .. files]).Select(static f => $"BindReadOnlyPaths={f}"),
            .. ((string[])[start.Folder, .. rules.Write ?? []]).Select(static f => $"BindPaths={f}"),
            .. (rules.Devices ?? []).Select(static d => $"DeviceAllow={d} rw"),
        ];
        if (rules.Devices is { Count: > 0 }) properties.Add("DevicePolicy=closed");
        if (rules.MemoryMib is { } memory) properties.AddRange([$"MemoryMax={memory}M", "MemorySwapMax=0"]);
        if (rules.Tasks is { } tasks) properties.Add($"TasksMax={tasks}");
        foreach (var property in properties) to.AddRange(["--property", property]);
        // The service manager would put variables into arguments: $$ is a dollar sign itself.
        to.AddRange(["--", start.Program, .. start.Arguments.Select(static a => a.Replace("$", "$$", StringComparison.Ordinal))]);
        string[] environment = [.. start.Environment, .. OfBus()];
        var control = Find("systemctl");
        return start with
        {
            Program = Find("systemd-run"),
            Arguments = to,
            Environment = environment,
            AskToEnd = () => Do([.. manager, "stop", "--no-block", $"{unit}.service"]),
            Kill = () => Do([.. manager, "kill", "--signal=SIGKILL", $"{unit}.service"]),
        };

        void Do(string[] arguments) => QuickProcess.Run(control, arguments, environment);
    }

    /// <summary>By which the client finds the manager; the service does not get them.</summary>
    private static IEnumerable<string> OfBus() => ((string[])["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"])
        .Where(static n => Environment.GetEnvironmentVariable(n) is not null).Select(static n => $"{n}={Environment.GetEnvironmentVariable(n)}");

    private static bool IsUnder(string path, IEnumerable<string> folders) => folders.Any(f => path.StartsWith(f + "/", StringComparison.Ordinal));

    private static string YesNo(bool yes) => yes ? "yes" : "no";

    private static string Seconds(string name, TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{name}={Math.Ceiling(time.TotalSeconds)}s");

    private static string Find(string program) => Machine.Locate(program)
        ?? throw new SpawnException($"{program} is gone, which the command's sandbox needs", false);
}

/// <summary>A program that is to do something at once, and whose output nobody reads.</summary>
[SupportedOSPlatform("linux")]
internal static class QuickProcess
{
    private const int Look = 10, Most = 5000;

    /// <summary>Runs it to its end, five seconds at most.</summary>
    public static void Run(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        try
        {
            var process = NativeProcess.Start(program, arguments, environment, "/", hasInput: false);
            process.CloseAll();
            for (var waited = 0; !process.HasEnded() && waited < Most; waited += Look) process.Wait(false, Look);
            process.Signal(NativeProcess.Kill);
            process.Reap();
        }
        catch (SpawnException)
        {
            // It is gone: what it was to end, its own time limit ends.
        }
    }
}
