using System.Diagnostics;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>What commands in a sandbox can reach, with the sandboxes of this machine.</summary>
public sealed class SandboxTests
{
    private const string Probe = """
        for path in "$1" "$2"; do cat "$path" 2> /dev/null && echo "reads $path"; done
        touch "$3/new" 2> /dev/null && echo 'writes where it may not'
        touch here && touch "$4/new" && echo 'writes where it may'
        ls -d /proc/[0-9]* | wc -l
        cat "$5"
        """;

    [BwrapFact]
    public Task BwrapShowsWhatTheCommandMaySee() => SeesAsync("bwrap");

    [SystemdFact]
    public Task SystemdShowsWhatTheCommandMaySee() => SeesAsync("systemd");

    [BwrapFact]
    public Task BwrapEndsAsAWhole() => EndsAsync("bwrap");

    [SystemdFact]
    public Task SystemdEndsAsAWhole() => EndsAsync("systemd");

    [BwrapFact]
    public Task BwrapTellsHowItEnded() => TellsAsync("bwrap");

    [SystemdFact]
    public Task SystemdTellsHowItEnded() => TellsAsync("systemd");

    [BwrapFact]
    public Task BwrapHasNoNetwork() => HasNoNetworkAsync("bwrap");

    [SystemdFact]
    public Task SystemdHasNoNetwork() => HasNoNetworkAsync("systemd");

    [SystemdLimitsFact]
    public async Task SystemdKeepsLimits()
    {
        using var bomb = Trial.Script("b() { b | b & }; b; sleep 1; echo over", """, "sandbox": {"kind": "systemd", "tasks": 20}, "timeout_seconds": 30""");
        await bomb.RunAsync().WaitAsync(Broken.After);
        Assert.Contains("fork", bomb.Output.Errors, StringComparison.OrdinalIgnoreCase);
        using var eater = Trial.Script("head -c 200000000 /dev/zero | tail | wc -c", """, "sandbox": {"kind": "systemd", "memory_mib": 32}""");
        Assert.NotEqual(new Succeeded("200000000\n"), await eater.RunAsync().WaitAsync(Broken.After));
    }

    private static async Task SeesAsync(string kind)
    {
        // Not in /tmp and /dev/shm, which are hidden as a whole.
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"sandbox-{Guid.NewGuid():N}")).FullName;
        var (secret, mayNot, may) = (Path.Combine(folder, "token"), Path.Combine(folder, "may-not"), Path.Combine(folder, "may"));
        foreach (var path in (string[])[mayNot, may]) Directory.CreateDirectory(path);
        await File.WriteAllTextAsync(secret, Trial.Secret);
        var sandbox = $$""", "payload": "file", "sandbox": {"kind": "{{kind}}", "write": ["{{may}}"]}""";
        using var command = Trial.Script(Probe, sandbox, secret, "/proc/1/environ", mayNot, may, "{payload}");
        using var trial = new Trial(command.Source, [secret]);
        var said = (await trial.ResultAsync("the payload\n")).Split('\n');
        Assert.DoesNotContain(said, static line => line.Contains(Trial.Secret, StringComparison.Ordinal));
        Assert.DoesNotContain("writes where it may not", said);
        Assert.Contains("writes where it may", said);
        Assert.Equal("the payload", said[^2]);
        Assert.True(File.Exists(Path.Combine(may, "new")));
        Directory.Delete(folder, recursive: true);
        if (kind == "bwrap") Assert.InRange(int.Parse(said[^3], System.Globalization.CultureInfo.InvariantCulture), 1, 5);
    }

    private static async Task EndsAsync(string kind)
    {
        var mark = $"60{Random.Shared.Next(100_000, 999_999)}";
        using var trial = Trial.Script($"trap '' TERM; setsid sleep {mark} & echo begun; sleep {mark}; sleep {mark}",
            $$""", "grace_seconds": 1, "sandbox": "{{kind}}" """);
        using var stop = new CancellationTokenSource();
        var run = trial.RunAsync(stop: stop.Token);
        await trial.Output.WroteAsync("begun");
        var watch = Stopwatch.StartNew();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Broken.After));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
        for (var n = 0; n < 300 && Sleepers(mark).Any(); n++) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        Assert.Empty(Sleepers(mark));
    }

    private static async Task TellsAsync(string kind)
    {
        using var fails = Trial.Script("echo out; echo 'no room' >&2; exit 3", $$""", "sandbox": "{{kind}}" """);
        Assert.Equal(new Failed("exit code 3: no room"), await fails.RunAsync());
        using var literal = Trial.Script("printf '%s' \"$1\"", $$""", "payload": "argument", "env": ["SEEN=x"], "sandbox": "{{kind}}" """, "{payload}");
        Assert.Equal("$HOME ${SEEN} %n $$", await literal.ResultAsync("$HOME ${SEEN} %n $$"));
        using var input = Trial.Script("cat; echo $SEEN", $$""", "payload": "stdin", "env": ["SEEN=x y"], "sandbox": "{{kind}}" """);
        Assert.Equal("inx y\n", await input.ResultAsync("in"));
    }

    private static async Task HasNoNetworkAsync(string kind)
    {
        using var trial = Trial.Script("ls /sys/class/net; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \\n'", $$""", "sandbox": "{{kind}}" """);
        Assert.EndsWith("lo", await trial.ResultAsync(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Sleepers(string mark) => Directory.EnumerateDirectories("/proc").Where(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).EndsWith($"sleep\0{mark}\0", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}

public sealed class BwrapFactAttribute() : MachineFactAttribute(Missing())
{
    private static string? Missing()
    {
        if (!File.Exists("/usr/bin/bwrap")) return "bwrap is not here: apt install bubblewrap";
        using var tried = Process.Start(new ProcessStartInfo("/usr/bin/bwrap", ["--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "true"])
        {
            RedirectStandardError = true,
        })!;
        tried.WaitForExit();
        return tried.ExitCode == 0 ? null : "this machine lets nobody make namespaces";
    }
}

/// <summary>Skipped, and said to be, where systemd does not run the machine: not in a container such as CI's.</summary>
public class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() => Skip = Directory.Exists("/run/systemd/system") ? null : "systemd does not run this machine";
}

/// <summary>Skipped as well where systemd can't limit memory and processes.</summary>
public sealed class SystemdLimitsFactAttribute : SystemdFactAttribute
{
    private const string Controllers = "/sys/fs/cgroup/cgroup.controllers";

    public SystemdLimitsFactAttribute()
    {
        var known = File.Exists(Controllers) ? File.ReadAllText(Controllers).Split(' ', '\n') : [];
        if (!known.Contains("memory") || !known.Contains("pids")) Skip ??= "systemd has no control groups for memory and processes here";
    }
}
