using OpenClaw.Testing;

namespace OpenClaw.Programs.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AnEnvFileHasAssignmentsCommentsExportsAndQuotes()
    {
        string[] lines = ["\uFEFF# a comment", "", "A=1", " export B = two words ", "C=\"quoted #=\"", "D='x'", "E=", "A=2", "F=\""];
        var read = EnvFile.Parse(lines, "x.env");
        Assert.Equal(
            new Dictionary<string, (string, int)>
            {
                ["A"] = ("2", 8), ["B"] = ("two words", 4), ["C"] = ("quoted #=", 5), ["D"] = ("x", 6), ["E"] = ("", 7), ["F"] = ("\"", 9),
            },
            read);
    }

    [Theory]
    [InlineData("novalue")]
    [InlineData("=value")]
    public void ALineThatIsNoAssignmentIsNamed(string line)
    {
        var e = Assert.Throws<SettingsException>(() => EnvFile.Parse(["A=1", line], "x.env"));
        Assert.StartsWith("x.env, line 2:", Assert.Single(e.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void TheEnvironmentComesBeforeTheFile()
    {
        File.WriteAllText(folder.File("x.env"), "A=file\nB=file\n");
        (environment["A"], environment["B"]) = ("environment", " ");
        var settings = Settings.Load(environment.GetValueOrDefault, folder.File("x.env"));
        Assert.Equal(("environment", "file", null), (settings.Text("A"), settings.Text("B"), settings.Text("C")));
    }

    [Fact]
    public void AMissingFileIsSaid()
    {
        var e = Assert.Throws<SettingsException>(() => Settings.Load(_ => null, "/nowhere"));
        Assert.Contains("--env /nowhere: can't be read", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EverythingThatIsWrongIsSaidAtOnce()
    {
        (environment["N"], environment["S"], environment["U"]) = ("many", "NaN", "vps");
        var settings = Load();
        Assert.Equal(5, settings.WholeNumber("N", 5, 1, 9));
        settings.Seconds("S", 1, 0, 10);
        settings.Url("U", "http://127.0.0.1:1");
        settings.RequiredSecret("T", "Copy it.");
        var problems = Assert.Throws<SettingsException>(settings.Check).Problems;
        Assert.Equal(["N", "S", "U", "T"], problems.Select(p => p.Split(' ')[0]));
    }

    [Fact]
    public void ASecretComesFromACredentialThenFromAFileThenFromTheVariable()
    {
        environment["BOT_TOKEN"] = "variable";
        Assert.Equal("variable", Load().Secret("BOT_TOKEN"));
        WriteSecret("token", "file\n");
        environment["BOT_TOKEN_FILE"] = folder.File("token");
        Assert.Equal("file", Load().Secret("BOT_TOKEN"));
        WriteSecret("bot-token", "credential\n");
        environment["CREDENTIALS_DIRECTORY"] = folder.Path;
        Assert.Equal("credential", Load().Secret("BOT_TOKEN"));
    }

    [Theory]
    [InlineData("canary\r\nX-Evil: 1")]
    [InlineData("canary\u00e4")]
    [InlineData("canary\u200b")]
    [InlineData("canary\u007f")]
    [InlineData("canary\0")]
    public void ATokenThatNoHeaderCarriesIsRefusedAndNotShown(string token)
    {
        environment["BOT_TOKEN"] = token;
        var settings = Load();
        settings.RequiredSecret("BOT_TOKEN", "Copy it.");
        var problem = Assert.Single(Assert.Throws<SettingsException>(settings.Check).Problems);
        Assert.StartsWith("BOT_TOKEN has a character that no HTTP header can carry", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", problem, StringComparison.Ordinal);

        environment.Remove("BOT_TOKEN");
        WriteSecret("token", token);
        environment["BOT_TOKEN_FILE"] = folder.File("token");
        settings = Load();
        settings.Secret("BOT_TOKEN");
        Assert.Throws<SettingsException>(settings.Check);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    public void ASecretsFileThatOthersCanReadIsRefused(UnixFileMode also)
    {
        if (OperatingSystem.IsWindows()) return;
        WriteSecret("token", "canary");
        environment["BOT_TOKEN_FILE"] = folder.File("token");
        Assert.Equal("canary", Load().Secret("BOT_TOKEN"));
        File.SetUnixFileMode(folder.File("token"), UnixFileMode.UserRead | also);
        var settings = Load();
        settings.RequiredSecret("BOT_TOKEN", "Copy it.");
        var problem = Assert.Single(Assert.Throws<SettingsException>(settings.Check).Problems);
        Assert.Contains($"chmod 600 {folder.File("token")}", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", problem, StringComparison.Ordinal);
    }

    private void WriteSecret(string name, string text) => PrivateFiles.Write(folder.File(name), System.Text.Encoding.UTF8.GetBytes(text));

    private Settings Load() => Settings.Load(environment.GetValueOrDefault, null);
}
