using System.Text.RegularExpressions;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>The README's curl lines, run as they are printed, against a real broker and a real runner.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task CurlLinesDoWhatTheReadmeSays()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"));
        var section = readme[readme.IndexOf("## With curl", StringComparison.Ordinal)..readme.IndexOf("## With the command line", StringComparison.Ordinal)];
        string[] blocks = [.. Block().Matches(section).Select(m => m.Groups[1].Value).Skip(1)]; // the first sets what the test sets itself
        var expected = blocks.SelectMany(b => b.Split('\n')).Where(l => l.StartsWith("# {", StringComparison.Ordinal)).Select(l => l[2..]).ToList();
        Assert.Equal(6, expected.Count);

        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var url = broker.Url.AbsoluteUri.TrimEnd('/');
        await using var runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = url,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.RunnerStateDir] = folder.File("runner"),
        });
        await using var shell = ProgramProcess.Start("bash", new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = url,
            [Variables.BotToken] = BrokerProcess.BotToken,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        }, "-ec", "curl() { command curl \"$@\"; echo; }\n" + string.Join('\n', blocks));
        Assert.True(await shell.WaitForExitAsync() == 0, shell.Output);

        var lines = shell.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Count, lines.Length);
        foreach (var (pattern, line) in expected.Zip(lines))
        {
            Assert.True(Regex.IsMatch(line, "^" + Regex.Escape(pattern).Replace("…", ".+", StringComparison.Ordinal) + "$"),
                $"the README promises {pattern}, the broker says {line}");
        }
    }

    public void Dispose() => folder.Dispose();

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
