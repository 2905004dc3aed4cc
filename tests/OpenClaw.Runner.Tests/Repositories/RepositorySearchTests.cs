using System.Reflection;
using System.Text.RegularExpressions;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using Xunit.Sdk;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>Searches with each of both tools.</summary>
public sealed class RepositorySearchTests : IDisposable
{
    /// <summary>What an option could be taken for, of rg, git grep, or git.</summary>
    private static readonly string[] Options =
    [
        "--pre=sh", "--pre", "--pre-glob=x", "-Ocmd", "-O", "--open-files-in-pager", "--open-files-in-pager=sh", "-f/etc/passwd", "-f", "--file=/etc/passwd",
        "--file", "--no-index", "--help", "-h", "--version", "-V", "--", "-", "-e", "-e x", "--regexp=x", "--hostname-bin=sh", "--search-zip", "-z", "--hidden",
        "-uuu", "-L", "--follow", "--ignore-file=/etc/passwd", "--type-list", "--files", "--files-with-matches", "-l", "-v", "--invert-match", "-c", "--count",
        "--config-env=x", "--exec-path=/tmp", "--git-dir=/tmp", "--ext-grep", "--textconv", "--recurse-submodules", "--untracked", "--cached", "-r", "-P",
        "--passthru", "--json", "--replace=x", "--color=always", "--output=x", "--upload-pack=sh", "@/etc/passwd", "$(id)", "`id`", "; id", "| id", "&& id",
    ];

    private readonly RepositoryTrial withRipgrep = new();
    private readonly RepositoryTrial withGit = new() { With = static s => s with { Ripgrep = null } };

    public void Dispose()
    {
        withRipgrep.Dispose();
        withGit.Dispose();
    }

    [Theory]
    [RipgrepData(true)]
    [InlineData(false)]
    public async Task AnOptionIsSearchedForLikeAnyText(bool isRipgrep)
    {
        var trial = Trial(isRipgrep);
        Assert.Equal(isRipgrep, trial.Settings.Ripgrep is not null);
        string[] lines = [.. Options, "plain"];
        trial.Write("options", string.Join('\n', lines) + "\n");
        foreach (var option in Options)
        {
            var regex = new Regex(option, option.Any(char.IsUpper) ? RegexOptions.None : RegexOptions.IgnoreCase);
            var expected = lines.Index().Where(l => regex.IsMatch(l.Item)).Select(static l => $"options:{l.Index + 1}:{l.Item}");
            var all = Assert.IsType<Succeeded>(await trial.RunAsync("repo_grep", new { repo = "shop", query = option, path = "options" })).Result;
            var matches = System.Text.Json.JsonDocument.Parse(all).RootElement.GetProperty("data").GetProperty("matches").GetString();
            Assert.Equal(string.Join('\n', expected), matches);
        }
    }

    [Theory]
    [RipgrepData(true)]
    [InlineData(false)]
    public async Task WhatIsFoundHasItsPathFromTheRepository(bool isRipgrep)
    {
        var trial = Trial(isRipgrep);
        trial.Write(".gitignore", "*.log\nbuild/\n");
        trial.Write("src/b.log", "class Ignored");
        trial.Write("build/c", "class Ignored");
        trial.Write("binary", "class\0Binary");
        trial.Write("new", "CLASS New");
        File.WriteAllBytes(Path.Combine(trial.Shop, "latin"), [.. "class "u8, 0xe4, (byte)'\n']);
        var all = (await trial.MatchesAsync("class")).Split('\n').Order(StringComparer.Ordinal);
        Assert.Equal(["latin:1:class \ufffd", "new:1:CLASS New", "src/a.cs:1:class Shop"], all);
        Assert.Equal("new:1:CLASS New", await trial.MatchesAsync("CLASS"));
        Assert.Equal("src/a.cs:1:class Shop", await trial.MatchesAsync("^class .hop", "src"));
        Assert.Equal("src/a.cs:1:class Shop", await trial.MatchesAsync("class (Shop|Mall)", "src/a.cs"));
        Assert.Equal("src/b.log:1:class Ignored", await trial.MatchesAsync("class", "src/b.log"));
        Assert.Equal("", await trial.MatchesAsync("nothing of this kind"));
        Assert.Equal("", await trial.MatchesAsync("nothing of this kind", "src/a.cs"));
    }

    [Theory]
    [RipgrepData(true, "regex parse error")]
    [InlineData(false, "Unmatched ( or \\(")]
    public async Task AnExpressionThatIsNoneFailsForGood(bool isRipgrep, string error)
    {
        var failed = Assert.IsType<Failed>(await Trial(isRipgrep).RunAsync("repo_grep", new { repo = "shop", query = "(" }));
        Assert.Contains(error, failed.Error, StringComparison.Ordinal);
        Assert.False(failed.IsRetryable);
    }

    [Theory]
    [RipgrepData(true)]
    [InlineData(false)]
    public async Task WhatIsTooLongIsCutAtALine(bool isRipgrep)
    {
        var trial = Trial(isRipgrep);
        trial.Write("many", string.Concat(Enumerable.Range(1, 100_000).Select(static n => $"line {n}\n")));
        var answer = await trial.AnswerAsync("repo_grep", new { repo = "shop", query = "line", path = "many" });
        Assert.True(answer.GetProperty("truncated").GetBoolean());
        var matches = answer.GetProperty("data").GetProperty("matches").GetString()!;
        Assert.InRange(matches.Length, 15_000, 20_000);
        Assert.All(matches.Split('\n'), static line => Assert.Matches("^many:([0-9]+):line \\1$", line));
    }

    private RepositoryTrial Trial(bool isRipgrep) => isRipgrep ? withRipgrep : withGit;
}

/// <summary>A case for ripgrep: skipped, and said to be, where it is not; never in CI.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class RipgrepDataAttribute : DataAttribute
{
    private readonly object[] data;

    public RipgrepDataAttribute(params object[] data)
    {
        this.data = data;
        var isThere = OperatingSystem.IsLinux() && Machine.Locate("rg") is not null || Environment.GetEnvironmentVariable("CI") == "true";
        Skip = isThere ? null : "rg is not here: apt install ripgrep";
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [data];
}
