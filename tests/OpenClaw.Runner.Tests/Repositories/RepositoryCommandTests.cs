using System.Text.Json;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Repositories;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>What each command answers, and with which words it refuses.</summary>
public sealed class RepositoryCommandTests : IDisposable
{
    private readonly RepositoryTrial trial = new();

    public void Dispose() => trial.Dispose();

    [Fact]
    public async Task TheListHasWhatIsARepository()
    {
        trial.List("""{"shop": "shop", "absolute": "BASE/shop", "gone": "gone", "plain": "plain"}""".Replace("BASE", trial.Base, StringComparison.Ordinal));
        Directory.CreateDirectory(Path.Combine(trial.Base, "plain"));
        Assert.Equal(
            $$"""{"ok":true,"worker_id":"worker-1","command":"repo_list","repo":null,"truncated":false,"data":{"repos":["""
            + $$"""{"name":"shop","path":"{{trial.Shop}}"},{"name":"absolute","path":"{{trial.Shop}}"}]},"error":null}""",
            Assert.IsType<Succeeded>(await trial.RunAsync("repo_list", "")).Result);
    }

    [Fact]
    public async Task TheStatusIsGits()
    {
        Assert.Equal(
            """{"ok":true,"worker_id":"worker-1","command":"repo_status","repo":"shop","truncated":false,"data":"""
            + """{"repo":"shop","branch":"main","dirty":false,"porcelain":""},"error":null}""",
            Assert.IsType<Succeeded>(await trial.RunAsync("repo_status", """{"repo": "shop"}""")).Result);
        trial.Write(RepositoryTrial.Tracked, RepositoryTrial.Content.Replace("int", "var", StringComparison.Ordinal)); // As long as before.
        trial.Write("neu ä", "x");
        trial.Write("ignored.o", "x");
        trial.Write(".gitignore", "*.o\n");
        trial.Write(".git/info/exclude", "own.txt\n");
        trial.Write("own.txt", "x");
        trial.Git("add", ".gitignore");
        var data = await trial.DataAsync("repo_status", new { repo = "shop" });
        Assert.Equal(trial.Git("status", "--porcelain=v1").TrimEnd(), data.GetProperty("porcelain").GetString());
        Assert.Equal("A  .gitignore\n M src/a.cs\n?? \"neu \\303\\244\"", data.GetProperty("porcelain").GetString());
        Assert.True(data.GetProperty("dirty").GetBoolean());
    }

    [Fact]
    public async Task ABranchIsNamedAsGitNamesIt()
    {
        trial.Git("checkout", "-q", "-b", "feature/one");
        Assert.Equal("feature/one", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("branch").GetString());
        trial.Git("checkout", "-q", "--detach");
        Assert.Equal("HEAD", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("branch").GetString());
        trial.Git("checkout", "-q", "--orphan", "fresh");
        Assert.Equal("fresh", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("branch").GetString());
        await trial.RefusesAsync("no commits yet", "repo_last_commit", new { repo = "shop" });
    }

    [Theory]
    [InlineData("init -q -b main --object-format=sha256")]
    [InlineData("init -q -b main")]
    public async Task TheNewestCommitIsGits(string init)
    {
        Directory.Delete(Path.Combine(trial.Shop, ".git"), recursive: true);
        trial.Git(init.Split(' '));
        trial.Commit("Sell \"all\" of it: ä");
        var expected = trial.Git("log", "-1", "--format=%H%n%an%n%ad%n%s").TrimEnd().Split('\n');
        foreach (var pack in (bool[])[false, true])
        {
            if (pack) trial.Git("gc", "-q");
            var data = await trial.DataAsync("repo_last_commit", new { repo = "shop" });
            Assert.Equal(["hash", "author", "date", "subject"], data.EnumerateObject().Select(static p => p.Name));
            Assert.Equal(expected, data.EnumerateObject().Select(static p => p.Value.GetString()));
            Assert.Equal("", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("porcelain").GetString());
        }
        Assert.Equal(("Anna Ä", "Sell \"all\" of it: ä"), (expected[1], expected[3]));
    }

    [Fact]
    public async Task AShallowCloneIsARepository()
    {
        trial.Commit("Second");
        trial.Git("clone", "-q", "--depth", "1", $"file://{trial.Shop}", Path.Combine(trial.Base, "shallow"));
        trial.List("""{"shop": "shallow"}""");
        Assert.Equal("Second", (await trial.DataAsync("repo_last_commit", new { repo = "shop" })).GetProperty("subject").GetString());
    }

    [Fact]
    public async Task WhatSaysHowFilesAreComparedIsTakenFromTheRepository()
    {
        RepositoryTrial.Run("chmod", "+x", Path.Combine(trial.Shop, RepositoryTrial.Tracked));
        Assert.True((await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("dirty").GetBoolean());
        trial.Git("config", "core.fileMode", "false");
        Assert.False((await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("dirty").GetBoolean());
    }

    [Fact]
    public async Task AnIndexInPiecesIsReadWhole()
    {
        trial.Git("update-index", "--split-index");
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(trial.Shop, ".git"), "sharedindex.*"));
        Assert.Equal("", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("porcelain").GetString());
    }

    /// <summary>By it git knows which files may have changed in the moment in which the index was written.</summary>
    [Fact]
    public async Task TheIndexIsShownWithItsTime()
    {
        if (!OperatingSystem.IsLinux()) return;
        var index = Path.Combine(trial.Shop, ".git/index");
        File.SetLastWriteTimeUtc(index, DateTime.UnixEpoch.AddDays(1000));
        using var repository = Repository.Open(trial.Settings, "shop");
        await GitView.MakeAsync(repository, new Tool(trial.Settings, TimeProvider.System, CancellationToken.None), trial.State, withIndex: true);
        Assert.Equal(File.GetLastWriteTimeUtc(index), File.GetLastWriteTimeUtc(Path.Combine(trial.State, "index")));
    }

    [Fact]
    public async Task LinesOfAFileAreShown()
    {
        Assert.Equal(
            """{"ok":true,"worker_id":"worker-1","command":"repo_readfile","repo":"shop","truncated":false,"data":"""
            + """{"path":"src/a.cs","start":2,"end":3,"content":"{\n    int price;\n"},"error":null}""",
            Assert.IsType<Succeeded>(await trial.RunAsync("repo_readfile", """{"repo": "shop", "path": "src/a.cs", "start": 2, "end": "3"}""")).Result);
        trial.Write("long", string.Concat(Enumerable.Range(1, 500).Select(static n => $"{n}\n")));
        trial.Write("empty", "");
        File.WriteAllBytes(Path.Combine(trial.Shop, "latin"), [0x61, 0xe4, 0x0a]);
        Assert.Equal((1, 200, "1\n"), await LinesAsync("long", null, null));
        Assert.Equal((301, 500, "301\n"), await LinesAsync("long", 301, null));
        Assert.Equal((499, 500, "499\n"), await LinesAsync("long", 499, 600));
        Assert.Equal((500, 500, "500\n"), await LinesAsync("long", 700, 800));
        Assert.Equal((1, 1, ""), await LinesAsync("empty", 1, 200));
        Assert.Equal((1, 1, "a\ufffd\n"), await LinesAsync("latin", 1, 1));

        async Task<(int, int, string)> LinesAsync(string path, int? start, int? end)
        {
            var data = await trial.DataAsync("repo_readfile", new { repo = "shop", path, start, end });
            var content = data.GetProperty("content").GetString()!;
            return (data.GetProperty("start").GetInt32(), data.GetProperty("end").GetInt32(), content[..(content.IndexOf('\n') + 1)]);
        }
    }

    [Theory]
    [InlineData("payload must be valid JSON", "repo_status", "{")]
    [InlineData("payload must be valid JSON", "repo_status", "[]")]
    [InlineData("repo required", "repo_status", "")]
    [InlineData("repo required", "repo_last_commit", "{}")]
    [InlineData("repo required", "repo_grep", """{"repo": "", "query": "x"}""")]
    [InlineData("repo required", "repo_readfile", """{"repo": null, "path": "x"}""")]
    [InlineData("repo must be a text", "repo_status", """{"repo": 5}""")]
    [InlineData("repo not allowlisted", "repo_status", """{"repo": "other"}""")]
    [InlineData("repo not allowlisted", "repo_status", """{"repo": "../shop"}""")]
    [InlineData("repo not allowlisted", "repo_grep", """{"repo": "Shop", "query": "x"}""")]
    [InlineData("query required", "repo_grep", """{"repo": "shop"}""")]
    [InlineData("query must be one line of text", "repo_grep", """{"repo": "shop", "query": "a\nb"}""")]
    [InlineData("query must be one line of text", "repo_grep", """{"repo": "shop", "query": "a\u0000"}""")]
    [InlineData("path required", "repo_readfile", """{"repo": "shop"}""")]
    [InlineData("start must be a whole number", "repo_readfile", """{"repo": "shop", "path": "src/a.cs", "start": 1.5}""")]
    [InlineData("start must be >= 1", "repo_readfile", """{"repo": "shop", "path": "src/a.cs", "start": 0}""")]
    [InlineData("end must be >= start", "repo_readfile", """{"repo": "shop", "path": "src/a.cs", "start": 5, "end": 4}""")]
    [InlineData("line range exceeds RUNNER_MAX_LINES (400)", "repo_readfile", """{"repo": "shop", "path": "src/a.cs", "start": 1, "end": 401}""")]
    [InlineData("line range exceeds RUNNER_MAX_LINES (400)", "repo_readfile", """{"repo": "shop", "path": "src/a.cs", "start": 1, "end": 2147483647}""")]
    [InlineData("not a file or not found", "repo_readfile", """{"repo": "shop", "path": "src/b.cs"}""")]
    [InlineData("not a file or not found", "repo_readfile", """{"repo": "shop", "path": "src"}""")]
    [InlineData("not a file or not found", "repo_grep", """{"repo": "shop", "query": "x", "path": "nowhere"}""")]
    public async Task ARefusalFailsTheJobForGood(string error, string command, string payload) =>
        Assert.Equal(new Failed(error, IsRetryable: false), await trial.RunAsync(command, payload));

    [Fact]
    public async Task AFileThatIsTooLargeIsRefused()
    {
        trial.Write("large", new string('x', 200_001));
        await trial.RefusesAsync("file exceeds RUNNER_MAX_FILE_BYTES (200000)", "repo_readfile", new { repo = "shop", path = "large" });
        trial.Write("large", new string('x', 200_000));
        Assert.Equal(200_000, (await trial.DataAsync("repo_readfile", new { repo = "shop", path = "large" })).GetProperty("content").GetString()!.Length);
    }

    [Fact]
    public async Task AListThatBecameBrokenIsNoList()
    {
        await trial.DataAsync("repo_status", new { repo = "shop" });
        trial.List("{");
        await trial.RefusesAsync("the runner's list of repositories is broken: openclaw-runner --check-config says why", "repo_status", new { repo = "shop" });
        trial.List("""{"other": "shop"}""");
        await trial.RefusesAsync("repo not allowlisted", "repo_status", new { repo = "shop" });
    }

    [Fact]
    public async Task WhatLooksLikeASecretIsNotShown()
    {
        var token = "ghp_" + new string('a', 36);
        const string Key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nsecret\n-----END RSA PRIVATE KEY-----\n";
        trial.Write("secrets", $"token = {token}\nurl = https://anna:hunter22@example.org/x\n{Key}last\n");
        trial.Commit($"Add {token}");
        Assert.Equal("secrets:1:token = ***\nsecrets:2:url = https://anna:***@example.org/x", await trial.MatchesAsync("token|example"));
        Assert.Equal("Add ***", (await trial.DataAsync("repo_last_commit", new { repo = "shop" })).GetProperty("subject").GetString());
        var all = await trial.DataAsync("repo_readfile", new { repo = "shop", path = "secrets" });
        Assert.Equal("token = ***\nurl = https://anna:***@example.org/x\n***\n\n\n\nlast\n", all.GetProperty("content").GetString());
        var middle = await trial.DataAsync("repo_readfile", new { repo = "shop", path = "secrets", start = 5, end = 5 });
        Assert.Equal("\n", middle.GetProperty("content").GetString());
        using var open = new RepositoryTrial { With = static s => s with { Redacts = false } };
        open.Write("secrets", token);
        Assert.Equal($"secrets:1:{token}", await open.MatchesAsync("ghp"));
    }

    [Fact]
    public void TheBrokerIsToldWhatEachTakes()
    {
        var runner = new RunnerContext("worker-1", trial.State, TimeProvider.System);
        using var served = ServedCommands.Of(runner, trial.Settings);
        var grep = Assert.Single(served.Told, static c => c.Name == "repo_grep");
        Assert.NotNull(grep.Description);
        Assert.Equal(["repo", "query", "path"], grep.Schema!.Value.GetProperty("properties").EnumerateObject().Select(static p => p.Name));
        Assert.Equal("""["repo", "query"]""", grep.Schema!.Value.GetProperty("required").GetRawText());
        Assert.Equal(["repo_list", "repo_status", "repo_last_commit", "repo_grep", "repo_readfile"], served.Names.Skip(4));
        using var without = ServedCommands.Of(runner);
        Assert.DoesNotContain(without.Names, static n => n.StartsWith("repo_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CapabilitiesNameThem() => Assert.Contains(
        "repo_grep", JsonDocument.Parse(Assert.IsType<Succeeded>(await trial.RunAsync("capabilities", "")).Result).RootElement.GetProperty("capabilities")
            .EnumerateArray().Select(static c => c.GetString()));

    [Fact]
    public async Task NothingIsLeftBehind()
    {
        await trial.DataAsync("repo_status", new { repo = "shop" });
        await trial.MatchesAsync("price", "src/a.cs");
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(trial.State, "work")));
    }
}
