using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>A repository that its maker has filled with traps: nothing of it is run, and nothing else is shown.</summary>
public sealed class HostileRepositoryTests : IDisposable
{
    private readonly RepositoryTrial trial = new();
    private readonly RepositoryTrial withoutRipgrep = new() { With = static s => s with { Ripgrep = null } };

    public void Dispose()
    {
        trial.Dispose();
        withoutRipgrep.Dispose();
    }

    /// <summary>Each is a configuration that has git itself run a program at one of the calls below; NAME is the program.</summary>
    [Theory]
    [InlineData("[core]\n\tfsmonitor = NAME\n")]
    [InlineData("[core]\n\thooksPath = HOOKS\n\tfsmonitor = true\n")]
    [InlineData("[filter \"x\"]\n\tclean = NAME\n\tsmudge = NAME\n")]
    [InlineData("[filter \"x\"]\n\tprocess = NAME\n\trequired = true\n")]
    [InlineData("[diff \"x\"]\n\tcommand = NAME\n\ttextconv = NAME\n[diff]\n\texternal = NAME\n")]
    [InlineData("[core]\n\tpager = NAME\n[pager]\n\tlog = NAME\n\tstatus = NAME\n\tgrep = NAME\n")]
    [InlineData("[log]\n\tshowSignature = true\n[gpg]\n\tprogram = NAME\n[gpg \"ssh\"]\n\tprogram = NAME\n")]
    [InlineData("[alias]\n\tstatus = !NAME\n\tlog = !NAME\n\tgrep = !NAME\n[core]\n\talternateRefsCommand = NAME\n")]
    [InlineData("[include]\n\tpath = HOSTILE\n[includeIf \"gitdir:/**\"]\n\tpath = HOSTILE\n")]
    [InlineData("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n")]
    [InlineData("[core]\n\tworktree = OUTSIDE\n\tfsmonitor = NAME\n")]
    [InlineData("[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::NAME\n\tpromisor = true\n[protocol \"ext\"]\n\tallow = always\n")]
    [InlineData("[extensions]\n\tpartialClone = o\n[remote \"o\"]\n\turl = ssh://x/y\n\tpromisor = true\n[core]\n\tsshCommand = NAME\n\tgitProxy = NAME\n")]
    [InlineData("[grep]\n\topenFilesInPager = NAME\n[core]\n\teditor = NAME\n\taskPass = NAME\n[credential]\n\thelper = NAME\n")]
    public async Task NoProgramOfItsConfigurationRuns(string configuration)
    {
        foreach (var one in (RepositoryTrial[])[trial, withoutRipgrep])
        {
            Arm(one, configuration);
            foreach (var _ in (int[])[1, 2])
            {
                foreach (var (command, payload) in Calls) await one.RunAsync(command, payload);
                // An object that is missing is what a partial clone would fetch.
                foreach (var objects in Directory.GetDirectories(Path.Combine(one.Shop, ".git/objects"), "??")) Directory.Delete(objects, recursive: true);
            }
            Assert.False(File.Exists(one.Marker));
        }
    }

    /// <summary>That the traps above are traps: git as its owner runs it falls into some.</summary>
    [Theory]
    [InlineData("[core]\n\tfsmonitor = NAME\n")]
    [InlineData("[filter \"x\"]\n\tclean = NAME\n\tsmudge = NAME\n")]
    [InlineData("[include]\n\tpath = HOSTILE\n")]
    [InlineData("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n")]
    [InlineData("[alias]\n\tst = !NAME\n", "st")]
    public void TheTrapsAreTraps(string configuration, string call = "status")
    {
        Arm(trial, configuration);
        trial.Git(call);
        Assert.True(File.Exists(trial.Marker));
    }

    /// <summary>The proof that no key of it is read, known or to come: not even that it is one is noticed.</summary>
    [Fact]
    public async Task AConfigurationThatNoGitCanReadChangesNothing()
    {
        trial.Write(".git/config", "[broken\n\0");
        Assert.Equal("main", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("branch").GetString());
        Assert.Equal("First", (await trial.DataAsync("repo_last_commit", new { repo = "shop" })).GetProperty("subject").GetString());
        File.Delete(Path.Combine(trial.Shop, ".git/config"));
        RepositoryTrial.Run("mkfifo", Path.Combine(trial.Shop, ".git/config"));
        Assert.Equal("", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("porcelain").GetString());
    }

    [Fact]
    public async Task ASubmoduleIsNotEntered()
    {
        var inner = Path.Combine(trial.Shop, "inner");
        RepositoryTrial.Run("git", "init", "-q", inner);
        File.WriteAllText(Path.Combine(inner, "x"), "x");
        RepositoryTrial.Run("git", "-C", inner, "add", "x");
        RepositoryTrial.Run("git", "-C", inner, "-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "-m", "x");
        trial.Write(".gitmodules", "[submodule \"inner\"]\n\tpath = inner\n\turl = ./inner\n\tignore = none\n");
        trial.Commit("With a submodule");
        File.AppendAllText(Path.Combine(inner, ".git/config"), $"[core]\n\tfsmonitor = {trial.Trap()}\n");
        File.AppendAllText(Path.Combine(inner, "x"), "changed");
        foreach (var (command, payload) in Calls) await trial.RunAsync(command, payload);
        Assert.Equal("", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("porcelain").GetString());
        Assert.False(File.Exists(trial.Marker));
        trial.Git("status");
        Assert.True(File.Exists(trial.Marker)); // It was a trap.
    }

    [Fact]
    public async Task AGitFolderThatIsElsewhereIsNone()
    {
        var git = Path.Combine(trial.Shop, ".git");
        var elsewhere = trial.Outside("elsewhere");
        Directory.Move(git, elsewhere);
        await NoRepositoryAsync();
        File.CreateSymbolicLink(git, elsewhere);
        await NoRepositoryAsync();
        File.Delete(git);
        File.WriteAllText(git, $"gitdir: {elsewhere}\n");
        await NoRepositoryAsync();
    }

    /// <summary>Of another repository, which nobody has named, neither objects nor names of files are shown.</summary>
    [Theory]
    [InlineData("objects")]
    [InlineData("index")]
    [InlineData("packed-refs")]
    [InlineData("HEAD")]
    [InlineData("objects/pack/pack-1.pack")]
    [InlineData("sharedindex.0000000000000000000000000000000000000000")]
    public async Task APartOfGitsThatIsALinkIsNone(string part)
    {
        using var other = new RepositoryTrial();
        other.Git("pack-refs", "--all");
        File.WriteAllText(Path.Combine(other.Shop, ".git/objects/pack/pack-1.pack"), "");
        File.WriteAllText(Path.Combine(other.Shop, ".git/sharedindex.0000000000000000000000000000000000000000"), "");
        var path = Path.Combine(trial.Shop, ".git", part);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);
        File.CreateSymbolicLink(path, Path.Combine(other.Shop, ".git", part));
        await trial.RefusesAsync("not a git repo", "repo_status", new { repo = "shop" });
    }

    [Fact]
    public async Task ObjectsOfAnotherRepositoryAreNotBorrowed()
    {
        using var other = new RepositoryTrial();
        trial.Write(".git/objects/info/alternates", Path.Combine(other.Shop, ".git/objects") + "\n");
        await trial.RefusesAsync("not a git repo", "repo_last_commit", new { repo = "shop" });
    }

    [Theory]
    [InlineData("ref: ../../../HEAD")]
    [InlineData("ref: refs/../../../x")]
    [InlineData("ref: refs/heads/.hidden")]
    [InlineData("ref: refs/heads/a b")]
    [InlineData("ref: /etc/passwd")]
    [InlineData("0123")]
    [InlineData("")]
    public async Task AHeadThatIsNoneIsNone(string head)
    {
        trial.Write(".git/HEAD", head + "\n");
        await trial.RefusesAsync("not a git repo", "repo_status", new { repo = "shop" });
    }

    /// <summary>By its own list of files git would read what lies behind a folder that has become a link.</summary>
    [Fact]
    public async Task NoSearchGoesThroughALink()
    {
        foreach (var one in (RepositoryTrial[])[trial, withoutRipgrep])
        {
            var outside = Directory.CreateDirectory(one.Outside("secret")).FullName;
            File.WriteAllText(Path.Combine(outside, "a.cs"), "class Secret");
            Directory.Delete(Path.Combine(one.Shop, "src"), recursive: true);
            File.CreateSymbolicLink(Path.Combine(one.Shop, "src"), outside);
            File.CreateSymbolicLink(Path.Combine(one.Shop, "link.cs"), Path.Combine(outside, "a.cs"));
            one.Write("ours", "class Ours");
            Assert.Equal("ours:1:class Ours", await one.MatchesAsync("class"));
            foreach (var path in (string[])["src", "link.cs", "src/a.cs"])
            {
                await one.RefusesAsync("path outside repo", "repo_grep", new { repo = "shop", query = "class", path });
            }
        }
    }

    [Fact]
    public async Task GitIsGivenAnEnvironmentMadeFromNothing()
    {
        var seen = trial.Outside("seen");
        var git = trial.Outside("git");
        File.WriteAllText(git, $"#!/bin/sh\nenv > '{seen}'\n");
        RepositoryTrial.Run("chmod", "+x", git);
        Environment.SetEnvironmentVariable("WORKER_TOKEN", "secret");
        Environment.SetEnvironmentVariable("GIT_EXTERNAL_DIFF", trial.Trap());
        try
        {
            using var spied = new RepositoryTrial { With = s => s with { Git = git } };
            await spied.RunAsync("repo_last_commit", new { repo = "shop" });
        }
        finally
        {
            foreach (var name in (string[])["WORKER_TOKEN", "GIT_EXTERNAL_DIFF"]) Environment.SetEnvironmentVariable(name, null);
        }
        var environment = File.ReadAllLines(seen).Select(static l => l.Split('=', 2)).ToDictionary(static p => p[0], static p => p[1]);
        string[] names =
        [
            "PATH", "HOME", "LANG", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_ATTR_NOSYSTEM", "GIT_OPTIONAL_LOCKS",
            "GIT_TERMINAL_PROMPT", "GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL", "GIT_PAGER", "GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY",
        ];
        Assert.Equal([], environment.Keys.Except([.. names, "PWD", "OLDPWD", "SHLVL", "_"]));
        Assert.Equal([], names.Except(environment.Keys));
        Assert.Equal(("/nonexistent", "1", "/dev/null"), (environment["HOME"], environment["GIT_CONFIG_NOSYSTEM"], environment["GIT_CONFIG_GLOBAL"]));
    }

    [Fact]
    public async Task NothingOfTheRepositoryIsChanged()
    {
        var before = Snapshot();
        foreach (var (command, payload) in Calls) Assert.IsType<Succeeded>(await trial.RunAsync(command, payload));
        Assert.Equal(before, Snapshot());

        string[] Snapshot() => [.. Directory.GetFileSystemEntries(trial.Shop, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(static f => $"{f} {File.GetLastWriteTimeUtc(f).Ticks} {(File.Exists(f) ? new FileInfo(f).Length : 0)}")];
    }

    private static IEnumerable<(string Command, object Payload)> Calls =>
    [
        ("repo_list", new { }), ("repo_status", new { repo = "shop" }), ("repo_last_commit", new { repo = "shop" }),
        ("repo_grep", new { repo = "shop", query = "class" }), ("repo_grep", new { repo = "shop", query = "class", path = "src/a.cs" }),
        ("repo_readfile", new { repo = "shop", path = "src/a.cs" }),
    ];

    /// <summary>Every place from which git could take a program has the trap, and every file is one that it would run it for.</summary>
    private static void Arm(RepositoryTrial trial, string configuration)
    {
        var trap = trial.Trap();
        var everything = $"[core]\n\tfsmonitor = {trap}\n[filter \"x\"]\n\tclean = {trap}\n";
        File.WriteAllText(trial.Outside("hostile"), everything);
        trial.Write(".gitattributes", "* filter=x diff=x\n");
        trial.Write(".git/info/attributes", "* filter=x diff=x\n");
        trial.Write("new", "class New");
        trial.Write(RepositoryTrial.Tracked, RepositoryTrial.Content);
        File.SetLastWriteTimeUtc(Path.Combine(trial.Shop, RepositoryTrial.Tracked), DateTime.UnixEpoch);
        foreach (var hook in (string[])["post-index-change", "query-watchman", "pre-auto-gc", "reference-transaction"])
        {
            trial.Write($".git/hooks/{hook}", $"#!/bin/sh\n{trap}\n");
            RepositoryTrial.Run("chmod", "+x", Path.Combine(trial.Shop, ".git/hooks", hook));
        }
        trial.Write(".git/config.worktree", everything);
        File.AppendAllText(Path.Combine(trial.Shop, ".git/config"), configuration.Replace("NAME", trap, StringComparison.Ordinal)
            .Replace("HOOKS", Path.Combine(trial.Shop, ".git/hooks"), StringComparison.Ordinal)
            .Replace("HOSTILE", trial.Outside("hostile"), StringComparison.Ordinal)
            .Replace("OUTSIDE", trial.Outside("."), StringComparison.Ordinal));
        File.Delete(trial.Marker);
    }

    private async Task NoRepositoryAsync()
    {
        foreach (var (command, payload) in Calls.Skip(1)) await trial.RefusesAsync("not a git repo", command, payload);
        Assert.Equal("[]", (await trial.DataAsync("repo_list", new { })).GetProperty("repos").GetRawText());
    }
}
