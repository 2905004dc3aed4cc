using OpenClaw.Programs;
using OpenClaw.Runner.Repositories;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>Which file names the repositories, and what is said of a broken one.</summary>
public sealed class RepositorySettingsTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WithoutAListNothingIsShown() => Assert.Null(Read(null, []).Settings);

    [Fact]
    public void EverythingHasADefault()
    {
        var (read, problems) = Read("""{"shop": "shop"}""", []);
        Assert.Equal([], problems);
        Assert.Equal((folder.File("repos.json"), "/home/user/src", TimeSpan.FromSeconds(15), 20_000, 200_000, 400, true),
            (read!.ListFile, read.Base, read.TimeLimit, read.OutputBytes, read.FileBytes, read.Lines, read.Redacts));
        (read, problems) = Read("{}", new()
        {
            ["RUNNER_REPOS_BASE"] = "/srv", ["RUNNER_CMD_TIMEOUT_SECONDS"] = "2", ["RUNNER_MAX_OUTPUT_BYTES"] = "300", ["RUNNER_MAX_FILE_BYTES"] = "4",
            ["RUNNER_MAX_LINES"] = "5", ["RUNNER_REDACT_OUTPUT"] = "no",
        });
        Assert.Equal([], problems);
        Assert.Equal(("/srv", TimeSpan.FromSeconds(2), 300, 4, 5, false),
            (read!.Base, read.TimeLimit, read.OutputBytes, read.FileBytes, read.Lines, read.Redacts));
    }

    [Fact]
    public void TheNamedListComesFirst()
    {
        File.WriteAllText(folder.File("named.json"), "{}");
        var named = new Dictionary<string, string> { ["RUNNER_REPO_ALLOWLIST"] = folder.File("named.json") };
        Assert.Equal(folder.File("named.json"), Read("{}", named).Settings!.ListFile);
        File.Delete(folder.File("named.json"));
        Assert.Equal(folder.File("repos.json"), Read("{}", named).Settings!.ListFile);
        File.Delete(folder.File("repos.json"));
        Assert.StartsWith($"RUNNER_REPO_ALLOWLIST names {folder.File("named.json")}, which is not there. Write", Assert.Single(Read(null, named).Problems),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n \"a\": \"b\",\n", "line 3: is no JSON")]
    [InlineData("[]", "line 1: it is a list. It takes an object")]
    [InlineData("{\"a\": \"b\",\n\"a\": \"c\"}", "line 2: a stands there twice. Delete one")]
    [InlineData("{\"a\":\n5}", "line 1: a is 5. It takes a text")]
    [InlineData("{\"a\": \"\"}", "line 1: a names no folder. Set it")]
    [InlineData("{\"a\": \"..\"}", "line 1: a lies outside of /home/user/src. Move it")]
    [InlineData("{\"a\": \"/home/user/srcs\"}", "line 1: a lies outside of /home/user/src. Move it")]
    [InlineData("{\" \": \"x\"}", "has a name that no repository can have")]
    [InlineData("{\"a\": \"\\ud800\"}", "holds a text that is none")]
    public void ABrokenListIsRefused(string json, string problem)
    {
        var found = Assert.Single(Read(json, []).Problems);
        Assert.StartsWith($"RUNNER_REPO_ALLOWLIST: {folder.File("repos.json")}", found, StringComparison.Ordinal);
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RUNNER_REDACT_OUTPUT", "maybe", "RUNNER_REDACT_OUTPUT is 'maybe'. It takes 1 or 0")]
    [InlineData("RUNNER_MAX_LINES", "0", "RUNNER_MAX_LINES is '0'. It takes a whole number")]
    [InlineData("RUNNER_CMD_TIMEOUT_SECONDS", "x", "RUNNER_CMD_TIMEOUT_SECONDS is 'x'. It takes a number of seconds")]
    public void ABrokenVariableIsRefused(string name, string value, string problem) => Assert.StartsWith(
        problem, Assert.Single(Read("{}", new() { [name] = value }).Problems), StringComparison.Ordinal);

    /// <summary>As a start reads it, where no other file names repositories.</summary>
    private (RepositorySettings? Settings, IReadOnlyList<string> Problems) Read(string? list, Dictionary<string, string> variables)
    {
        Assert.False(File.Exists("/etc/openclaw/repos.json"));
        if (list is not null) File.WriteAllText(folder.File("repos.json"), list);
        var settings = Settings.Load(variables.GetValueOrDefault, null);
        var read = RepositorySettings.Read(settings, folder.Path);
        try
        {
            settings.Check();
            return (read, []);
        }
        catch (SettingsException e)
        {
            return (read, e.Problems);
        }
    }
}
