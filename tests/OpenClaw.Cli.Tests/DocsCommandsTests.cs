using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>
/// The documents' blocks of <c>bash</c>, run in their order as printed, against real programs. Only the places differ: folders and
/// ports of this test, and <c>systemctl</c> starts and stops the broker by itself. <c>OPENCLAW_DOCUMENTS</c> says how many documents (1).
/// </summary>
public sealed partial class DocsCommandsTests : IDisposable
{
    private static readonly string[] Documents = ["docs/cli.md", "docs/install.md", "docs/operations.md", "docs/from-the-python-broker.md"];

    private readonly TempFolder folder = new();
    private readonly int port = FreePort.Take();

    public void Dispose()
    {
        if (File.Exists(folder.File("pid"))) Process.GetProcessById(int.Parse(File.ReadAllText(folder.File("pid")), CultureInfo.InvariantCulture)).Kill();
        folder.Dispose();
    }

    public static TheoryData<string> Run { get; } = [.. Documents.Take(
        int.Parse(Environment.GetEnvironmentVariable("OPENCLAW_DOCUMENTS") ?? "1", CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(Run))]
    public async Task BlocksOfADocumentDoWhatItSays(string document)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, document));
        string[] blocks = [.. Block().Matches(text).Select(b => Here(b.Groups[1].Value))];
        Assert.NotEmpty(blocks);
        Install();
        await using var runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = $"http://127.0.0.1:{port}",
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.WorkerCaps] = "gpu",
            [Variables.RunnerStateDir] = folder.File("runner"),
        });
        await using var shell = ProgramProcess.Start("bash", new Dictionary<string, string>
        {
            ["PATH"] = $"{folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["NO_COLOR"] = "1",
            [Variables.BrokerDb] = folder.File("lib/broker.db"), // an installation's file of variables is found by its place
            [Variables.BotToken] = BrokerProcess.BotToken,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        }, "-ec", $$"""
            trap 'systemctl stop openclaw-broker' EXIT
            curl() { command curl "$@"; echo; }
            systemctl start openclaw-broker
            clawctl submit ping first --wait
            {{string.Join('\n', blocks)}}
            """);
        Assert.True(await shell.WaitForExitAsync(Broken.After * 5) == 0, shell.Output);
        var lines = shell.Output.Split('\n').ToList();
        foreach (var promised in blocks.SelectMany(static b => b.Split('\n')).Where(static l => l.StartsWith("# {", StringComparison.Ordinal)))
        {
            var pattern = "^" + Regex.Escape(promised[2..]).Replace("…", ".+", StringComparison.Ordinal) + "$";
            Assert.True(lines.Exists(l => Regex.IsMatch(l, pattern)), $"{document} promises {promised[2..]}, but there is no such line in\n{shell.Output}");
        }
        Assert.DoesNotContain(lines, static l => l.StartsWith("FAIL", StringComparison.Ordinal));
    }

    /// <summary>A block with this test's places.</summary>
    private string Here(string block) => block
        .Replace("/etc/openclaw/", folder.File("etc/"), StringComparison.Ordinal)
        .Replace("/var/lib/openclaw-broker", folder.File("lib"), StringComparison.Ordinal)
        .Replace("127.0.0.1:8000", $"127.0.0.1:{port}", StringComparison.Ordinal);

    /// <summary>What an installation has: programs by name, a file of variables, a service.</summary>
    private void Install()
    {
        Directory.CreateDirectory(folder.File("bin"));
        Directory.CreateDirectory(folder.File("etc"));
        Write("etc/broker.env", $"""
            BOT_TOKEN={BrokerProcess.BotToken}
            WORKER_TOKEN={BrokerProcess.WorkerToken}
            ADMIN_TOKEN=admin-token-of-the-tests-0123456789abcdef
            BROKER_DB={folder.File("lib/broker.db")}
            BROKER_HOST=127.0.0.1
            BROKER_PORT={port}
            """);
        // The doctor looks at this machine where no other broker is named.
        Program("clawctl", $$"""
            [ "$1" = doctor ] || export BROKER_URL=${BROKER_URL:-http://127.0.0.1:{{port}}}
            exec dotnet {{Clawctl.Program}} "$@"
            """);
        Program("openclaw-broker", $"exec dotnet {Repository.Broker} \"$@\"");
        Program("sudo", "[ \"$*\" = -i ] || exec \"$@\"");
        Program("systemctl", $$"""
            pid={{folder.File("pid")}} log={{folder.File("log")}}
            stop() {
              [ -e $pid ] || return 0
              kill -TERM $(cat $pid) || true
              while kill -0 $(cat $pid) 2> /dev/null; do sleep 0.05; done
              rm $pid
            }
            start() {
              env -u BROKER_DB -u BOT_TOKEN -u WORKER_TOKEN -u ADMIN_TOKEN -u BROKER_HOST -u BROKER_PORT \
                openclaw-broker --env {{folder.File("etc/broker.env")}} >> $log 2>&1 &
              echo $! > $pid
              until curl -s -o {{folder.File("health")}} http://127.0.0.1:{{port}}/health; do kill -0 $(cat $pid) || { cat $log; exit 1; }; sleep 0.05; done
            }
            [ "$2" = openclaw-broker ] && [ $# = 2 ] || { echo "no unit here: $*"; exit 1; }
            case $1 in stop) stop ;; start) start ;; restart) stop; start ;; *) exit 1 ;; esac
            """);
    }

    private void Program(string name, string script)
    {
        Write("bin/" + name, "#!/usr/bin/env bash\nset -e\n" + script, UnixFileMode.UserExecute);
    }

    private void Write(string name, string text, UnixFileMode more = UnixFileMode.None)
    {
        File.WriteAllText(folder.File(name), text + "\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.File(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
    }

    [GeneratedRegex("^```bash\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
