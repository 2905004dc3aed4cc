using System.Text.RegularExpressions;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>What the documents say can be done and found: their commands, their options, their links.</summary>
public sealed partial class DocsTests
{
    private static IEnumerable<string> Documents { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md"),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories),
    ];

    /// <summary>Blocks of <c>bash</c> are run as printed by <see cref="DocsCommandsTests"/> or ReadmeTests; every line of any other is in the list.</summary>
    [Fact]
    public void EveryCommandIsRunSomewhereOrSaysWhyNot()
    {
        var lines = Documents.SelectMany(static d => Commands(File.ReadAllText(d)).Select(l => (Document: Path.GetFileName(d), Line: l))).ToList();
        Assert.Equal([], lines.Where(static l => !DocsProofs.Of.ContainsKey(l.Line)).Select(static l => $"{l.Document}: {l.Line}").Distinct());
        Assert.Equal([], DocsProofs.Of.Keys.Except(lines.Select(static l => l.Line)));
        foreach (var (line, proof) in DocsProofs.Of)
        {
            if (proof.File is null) continue;
            var script = File.ReadAllText(Path.Combine(Repository.Root, proof.File));
            Assert.True(script.Contains(proof.Text, StringComparison.Ordinal), $"{line}: {proof.File} has no '{proof.Text}'");
        }
    }

    /// <summary>In blocks and in sentences: what a document tells to type must be something that the program knows.</summary>
    [Fact]
    public async Task EveryCommandAndOptionThatIsNamedIsThere()
    {
        var known = new Dictionary<string, string>();
        var wrong = new List<string>();
        foreach (var document in Documents)
        {
            var text = File.ReadAllText(document);
            var inSentences = InCode().Matches(Fenced().Replace(text, "")).Select(static m => m.Groups[1].Value);
            foreach (var (program, options) in Commands(text).Concat(Bash(text)).Concat(inSentences).SelectMany(Calls))
            {
                if (!known.TryGetValue(program, out var usage)) known[program] = usage = await UsageAsync(program);
                if (usage.Length == 0) wrong.Add($"{Path.GetFileName(document)}: there is no '{program}'");
                wrong.AddRange(options.Where(o => !Regex.IsMatch(usage, Regex.Escape(o) + @"\b"))
                    .Select(o => $"{Path.GetFileName(document)}: {program} takes no {o}"));
            }
        }
        Assert.Equal([], wrong.Distinct());
        Assert.True(known.Count > 20, string.Join(' ', known.Keys));
    }

    [Fact]
    public void EveryLinkLeadsToAFileAndItsHeading()
    {
        var broken = new List<string>();
        foreach (var document in Documents)
        {
            foreach (Match link in Link().Matches(Fenced().Replace(File.ReadAllText(document), "")))
            {
                if (link.Groups[1].Value is var target && target.Contains("://", StringComparison.Ordinal)) continue;
                var (path, heading) = target.Split('#') is [var p, var h] ? (p, h) : (target, null);
                var file = path.Length == 0 ? document : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, path));
                if (!Path.Exists(file)) broken.Add($"{Path.GetFileName(document)}: {target}: no such file");
                else if (heading is not null && !Headings(file).Contains(heading)) broken.Add($"{Path.GetFileName(document)}: {target}: no such heading");
            }
        }
        Assert.Equal([], broken);
    }

    [Fact]
    public void FirstScreenOfTheReadmeHasTheTwoCommandsAndTheirOutput()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "README.md"));
        var first = string.Join('\n', lines[..Array.FindIndex(lines, static l => l.StartsWith("Contents:", StringComparison.Ordinal))]);
        Assert.InRange(first.Split('\n').Length, 10, 39);
        Assert.Contains("\ndotnet run --project src/OpenClaw.Cli -- dev\n", first, StringComparison.Ordinal);
        Assert.Contains("\n  ping hello   pong: hello\n", first, StringComparison.Ordinal);
        Assert.Contains("\ndotnet test\n", first, StringComparison.Ordinal);
    }

    /// <summary>The lines of blocks without a language; continued ones are one.</summary>
    private static IEnumerable<string> Commands(string document) => Fenced().Matches(document).Where(static b => b.Groups[1].Length == 0)
        .SelectMany(static b => Lines(b.Groups[2].Value));

    private static IEnumerable<string> Bash(string document) => Fenced().Matches(document).Where(static b => b.Groups[1].Value == "bash")
        .SelectMany(static b => Lines(b.Groups[2].Value));

    private static IEnumerable<string> Lines(string block) => Continued().Replace(block, " ").Split('\n')
        .Select(static l => Comment().Replace(l, "").Trim()).Where(static l => l.Length > 0);

    /// <summary>The calls of our own programs in a line, each with the options that follow it.</summary>
    private static IEnumerable<(string Program, List<string> Options)> Calls(string line)
    {
        foreach (Match call in Call().Matches(line))
        {
            var name = call.Groups[1].Value.Split('/')[^1];
            string[] words = [.. call.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static w => w.Trim('`', ',', '.', ':'))];
            var depth = name != "clawctl" ? 0 : words is ["token" or "keys" or "schedules" or "queues" or "workers", ..] or ["audit", "verify", ..] ? 2 : 1;
            yield return (string.Join(' ', [name, .. words.TakeWhile(static w => Word().IsMatch(w)).Take(depth)]),
                [.. words.Where(static w => Option().IsMatch(w))]);
        }
    }

    private static async Task<string> UsageAsync(string call)
    {
        string[] words = call.Split(' ');
        if (words[0] == "clawctl")
        {
            var help = await Clawctl.RunAsync(new Dictionary<string, string>(), [.. words[1..], "--help"]);
            // An unknown command gets the help of what is above it.
            return help.ExitCode == 0 && (words.Length == 1 || help.Out.Contains($"clawctl {string.Join(' ', words[1..])}", StringComparison.Ordinal))
                ? help.Out + " --version" : "";
        }
        var (project, assembly) = words[0] switch
        {
            "openclaw-broker" => ("OpenClaw.Broker", "openclaw-broker"),
            "openclaw-runner" => ("OpenClaw.Runner", "openclaw-runner"),
            "openclaw-bot" => ("OpenClaw.Bot", "openclaw-bot"),
            _ => ("", ""),
        };
        if (project.Length > 0) return await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", project, "Program.cs"));
        return await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy", words[0]));
    }

    /// <summary>What a heading is called in a link, as GitHub makes it.</summary>
    private static HashSet<string> Headings(string file) => [.. Heading().Matches(Fenced().Replace(File.ReadAllText(file), "")).Select(static h =>
        NotInLinks().Replace(h.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex("^```([a-z]*)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\s*\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"(^|\s{2,})#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex InCode();

    [GeneratedRegex(@"(?<![\w./-])(?<!-u )((?:\.?/?deploy/|/usr/local/lib/openclaw/current/deploy/|\./)?"
        + @"(?:clawctl|openclaw-broker|openclaw-runner|openclaw-bot|install\.sh|publish\.sh|start\.sh))(?=[ ]|$)([^|;&()]*)")]
    private static partial Regex Call();

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex Word();

    [GeneratedRegex("^--[a-z][a-z-]*$")]
    private static partial Regex Option();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInLinks();
}
