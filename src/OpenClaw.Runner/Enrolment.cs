using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Runner;

/// <summary><c>openclaw-runner enrol URL CODE</c>: fetches this machine's own token with a one-time code, and writes the runner's files.</summary>
internal static class Enrolment
{
    /// <summary>Where the files of an enrolled runner are: for root in /etc/openclaw and /var/lib, for others in their own folders.</summary>
    public static string DefaultEnvFile { get; } = Environment.UserName == "root" && !OperatingSystem.IsWindows()
        ? "/etc/openclaw/runner.env"
        : Path.Combine(Folder("XDG_CONFIG_HOME", ".config"), "openclaw-runner", "runner.env");

    private static string DefaultStateFolder { get; } = Environment.UserName == "root" && !OperatingSystem.IsWindows()
        ? "/var/lib/openclaw-runner/state"
        : Path.Combine(Folder("XDG_STATE_HOME", Path.Combine(".local", "state")), "openclaw-runner");

    /// <summary>Fetches the token and writes the env file, which the runner is to be started with.</summary>
    /// <returns>0, or the exit code after a line on standard error.</returns>
    public static async Task<int> RunAsync(string broker, string code, string envFile)
    {
        Uri url;
        try
        {
            var settings = Settings.Load(name => name == Variables.BrokerUrl ? broker : Environment.GetEnvironmentVariable(name), null);
            url = BrokerAddress.Read(settings, broker);
            settings.Check();
        }
        catch (SettingsException e)
        {
            return e.Report("openclaw-runner");
        }
        using var http = BrokerHttp.Create();
        try
        {
            var token = await new BrokerClient(http, url, new BrokerCredentials(), TimeProvider.System).EnrolAsync(code);
            Write(envFile, url, token);
            Console.Error.WriteLine(
                $"openclaw-runner: this machine is enrolled as '{VisibleText.Of(token.Name)}'; its settings and its token are in {envFile}.");
            return ExitCodes.Ok;
        }
        catch (BrokerException e)
        {
            Console.Error.WriteLine($"openclaw-runner: the broker at {url} did not enrol this machine ({VisibleText.Of(e.Message)}). "
                + "Make a new line with `clawctl enrol` and run it here.");
            return e.Status == 401 ? ExitCodes.NotAllowed : ExitCodes.Unavailable;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"openclaw-runner: {envFile} can't be written ({e.Message}), and the code is used up. "
                + "Make the folder writable, make a new line with `clawctl enrol` and run it here.");
            return ExitCodes.Io;
        }
    }

    private static void Write(string envFile, Uri broker, TokenView token)
    {
        var lines = new StringBuilder();
        Append(Variables.BrokerUrl, broker.AbsoluteUri.TrimEnd('/'));
        Append(Variables.WorkerId, token.WorkerPattern ?? token.Name);
        Append(Variables.WorkerToken, token.Token!);
        Append(Variables.RunnerStateDir, DefaultStateFolder);
        if (token.Caps is { Count: > 0 } caps) Append(Variables.WorkerCaps, string.Join(',', caps));
        PrivateFiles.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(envFile))!);
        PrivateFiles.Write(envFile, Encoding.UTF8.GetBytes(lines.ToString()));

        // What the broker sends is one line each: it can't add a variable.
        void Append(string name, string value) => lines.Append(name).Append('=').Append(value.ReplaceLineEndings("")).Append('\n');
    }

    private static string Folder(string variable, string underHome) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder
        ? folder : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), underHome);
}
