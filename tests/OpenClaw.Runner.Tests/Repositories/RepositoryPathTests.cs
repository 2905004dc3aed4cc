using System.Globalization;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>No path leads out of a repository, also while somebody moves things about in it.</summary>
public sealed class RepositoryPathTests : IDisposable
{
    /// <summary><c>OPENCLAW_LINK_SWAPS</c> says how many (2,000).</summary>
    private static readonly int Swaps = int.Parse(Environment.GetEnvironmentVariable("OPENCLAW_LINK_SWAPS") ?? "2000", CultureInfo.InvariantCulture);

    private readonly RepositoryTrial trial = new();

    public RepositoryPathTests()
    {
        File.WriteAllText(Directory.CreateDirectory(trial.Outside("secret")).FullName + "/a.cs", "class Secret\n");
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "out"), trial.Outside("secret"));
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "out.cs"), trial.Outside("secret/a.cs"));
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "up"), "..");
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "within"), "src");
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "git"), ".git");
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "loop"), "loop");
        File.CreateSymbolicLink(Path.Combine(trial.Shop, "process"), "/proc/self/cwd");
    }

    public void Dispose() => trial.Dispose();

    [Theory]
    [InlineData("/etc/passwd", "path must be relative and not contain ..")]
    [InlineData("//etc/passwd", "path must be relative and not contain ..")]
    [InlineData("..", "path must be relative and not contain ..")]
    [InlineData("../shop/src/a.cs", "path must be relative and not contain ..")]
    [InlineData("src/../src/a.cs", "path must be relative and not contain ..")]
    [InlineData("src/a.cs/..", "path must be relative and not contain ..")]
    [InlineData("src\0/a.cs", "path must be relative and not contain ..")]
    [InlineData("out/a.cs", "path outside repo")]
    [InlineData("out.cs", "path outside repo")]
    [InlineData("up/shop/../shop/src/a.cs", "path must be relative and not contain ..")]
    [InlineData("up", "path outside repo")]
    [InlineData("process", "path outside repo")]
    [InlineData("loop", "not a file or not found")]
    [InlineData("src\\a.cs", "not a file or not found")]
    [InlineData(".git/config", "not a file or not found")]
    [InlineData(".GIT/config", "not a file or not found")]
    [InlineData("git/config", "not a file or not found")]
    [InlineData("-f/etc/passwd", "not a file or not found")]
    [InlineData("~", "not a file or not found")]
    public async Task APathThatLeadsElsewhereIsRefused(string path, string error)
    {
        await trial.RefusesAsync(error, "repo_readfile", new { repo = "shop", path });
        await trial.RefusesAsync(error, "repo_grep", new { repo = "shop", query = "x", path });
    }

    [Theory]
    [InlineData("src/a.cs")]
    [InlineData("./src//a.cs")]
    [InlineData("within/a.cs")]
    public async Task APathWithinLeadsThere(string path)
    {
        Assert.Equal(RepositoryTrial.Content, (await trial.DataAsync("repo_readfile", new { repo = "shop", path })).GetProperty("content").GetString());
        Assert.Equal("src/a.cs:3:    int price;", await trial.MatchesAsync("price", path));
    }

    [Fact]
    public async Task APathOfFourKilobytesIsNotFound() =>
        await trial.RefusesAsync("not a file or not found", "repo_readfile", new { repo = "shop", path = new string('a', 4096) });

    [Fact]
    public async Task PipesSocketsAndDevicesAreNoFiles()
    {
        RepositoryTrial.Run("mkfifo", Path.Combine(trial.Shop, "pipe"));
        if (Environment.IsPrivilegedProcess) RepositoryTrial.Run("mknod", Path.Combine(trial.Shop, "zero"), "c", "1", "5");
        foreach (var path in (string[])["pipe", "zero"])
        {
            foreach (var (command, payload) in (IEnumerable<(string, object)>)[("repo_readfile", new { repo = "shop", path }),
                ("repo_grep", new { repo = "shop", query = "x", path })])
            {
                Assert.Equal(new Failed("not a file or not found", false), await Task.Run(() => trial.RunAsync(command, payload)).WaitAsync(Broken.After));
            }
        }
    }

    /// <summary>A thread makes the same path a file, a link to a file elsewhere, and below a folder and a link to one elsewhere, again and again.</summary>
    [Fact]
    public async Task NobodyWhoSwapsLinksGetsOut()
    {
        trial.Write("race/a.cs", "class Ours\n");
        var (ours, elsewhere, race) = (Path.Combine(trial.Shop, "ours"), Path.Combine(trial.Shop, "elsewhere"), Path.Combine(trial.Shop, "race"));
        var isOver = false;
        var swaps = Task.Run(() =>
        {
            for (var n = 0; n < Swaps; n++)
            {
                Directory.Move(race, ours);
                File.CreateSymbolicLink(race, trial.Outside("secret"));
                File.Delete(race);
                Directory.Move(ours, race);
                File.Move(Path.Combine(race, "a.cs"), elsewhere);
                File.CreateSymbolicLink(Path.Combine(race, "a.cs"), trial.Outside("secret/a.cs"));
                File.Delete(Path.Combine(race, "a.cs"));
                File.Move(elsewhere, Path.Combine(race, "a.cs"));
            }
            Volatile.Write(ref isOver, true);
        });
        var (shown, refused) = (0, 0);
        string[] errors = ["not a file or not found", "path outside repo"];
        while (!Volatile.Read(ref isOver))
        {
            var outcome = await trial.RunAsync("repo_readfile", new { repo = "shop", path = "race/a.cs" });
            if (outcome is Succeeded done)
            {
                Assert.Contains("class Ours", done.Result, StringComparison.Ordinal);
                shown++;
            }
            else
            {
                Assert.Contains(Assert.IsType<Failed>(outcome).Error, errors);
                refused++;
            }
        }
        await swaps;
        Assert.True(shown > 10 && refused > 10, $"{shown} shown, {refused} refused");
    }

    /// <summary>The folder that is searched is the one that was looked at, whatever has its name by then.</summary>
    [Fact]
    public async Task NobodyWhoSwapsLinksHasAnotherFolderSearched()
    {
        trial.Write("race/a.cs", "class Ours\n");
        var (ours, race) = (Path.Combine(trial.Shop, "ours"), Path.Combine(trial.Shop, "race"));
        using var over = new CancellationTokenSource();
        var swaps = Task.Run(() =>
        {
            while (!over.IsCancellationRequested)
            {
                Directory.Move(race, ours);
                File.CreateSymbolicLink(race, trial.Outside("secret"));
                File.Delete(race);
                Directory.Move(ours, race);
            }
        });
        for (var n = 0; n < 60; n++)
        {
            var outcome = await trial.RunAsync("repo_grep", new { repo = "shop", query = "class", path = "race" });
            if (outcome is Succeeded done) Assert.DoesNotContain("Secret", done.Result, StringComparison.Ordinal);
        }
        await over.CancelAsync();
        await swaps;
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc")]
    public void ARepositoryOutsideOfTheBaseIsRefusedAtTheStart(string folder)
    {
        trial.List($$"""{"shop": "{{folder}}"}""");
        Assert.Contains("lies outside of", Assert.Single(Runner.Repositories.RepositoryList.Read(trial.Settings).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARepositoryMayBeALinkWithinTheBaseAndNotOutOfIt()
    {
        trial.List("""{"shop": "current", "out": "away"}""");
        File.CreateSymbolicLink(Path.Combine(trial.Base, "current"), trial.Shop);
        using var other = new RepositoryTrial();
        File.CreateSymbolicLink(Path.Combine(trial.Base, "away"), other.Shop);
        Assert.Equal("main", (await trial.DataAsync("repo_status", new { repo = "shop" })).GetProperty("branch").GetString());
        await trial.RefusesAsync("repo path outside RUNNER_REPOS_BASE", "repo_status", new { repo = "out" });
    }
}
