using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>The private folder of <c>clawctl dev</c>: tokens, database, runner's state and logs, kept from run to invocation.</summary>
internal sealed class DevFolder(string path)
{
    private const string UrlFile = "url";

    /// <summary>In the user's folder for programs' state.</summary>
    public static string DefaultPath { get; } = System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "clawctl-dev");

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string BotTokenFile => File("bot-token");

    public string WorkerTokenFile => File("worker-token");

    public string AdminTokenFile => File("admin-token");

    public string? BotToken => Read("bot-token");

    public string? AdminToken => Read("admin-token");

    /// <summary>Where the dev broker answers while it runs.</summary>
    public Uri? RunningUrl => Read(UrlFile) is { } url && Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed : null;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes the folder and the tokens it lacks, and holds it against a second <c>dev</c> until disposed.</summary>
    /// <exception cref="SettingsException">The folder can't be used.</exception>
    public FileStream? Take()
    {
        try
        {
            PrivateFiles.CreateFolder(Path);
            var claim = Claim();
            if (claim is null) return null;
            foreach (var token in (string[])[BotTokenFile, WorkerTokenFile, AdminTokenFile])
            {
                if (System.IO.File.Exists(token) && new FileInfo(token).Length > 0) continue;
                Write(token, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
            }
            return claim;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException([$"the folder {Path} can't be used ({e.Message}). Name another with --folder."]);
        }
    }

    public void SetUrl(Uri url) => Write(File(UrlFile), url.AbsoluteUri.TrimEnd('/'));

    public void ClearUrl() => System.IO.File.Delete(File(UrlFile));

    /// <summary>The operating system gives the claim back when the process ends, however it ends.</summary>
    private FileStream? Claim()
    {
        try
        {
            var claim = new FileStream(File("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            claim.SetLength(0);
            claim.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            claim.Flush();
            return claim;
        }
        catch (IOException) when (System.IO.File.Exists(File("lock")))
        {
            return null;
        }
    }

    private string? Read(string name)
    {
        try
        {
            return System.IO.File.ReadAllText(File(name)).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(string path, string text) => PrivateFiles.Write(path, Encoding.UTF8.GetBytes(text + "\n"));
}
