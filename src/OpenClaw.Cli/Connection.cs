using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>Which broker the commands talk to, and with which token.</summary>
internal sealed class Connection : IDisposable
{
    private const string DefaultBroker = "http://127.0.0.1:8000";

    private readonly HttpClient http = BrokerHttp.Create();

    private Connection(Uri url, string? botToken)
    {
        Url = url;
        Broker = new BrokerClient(http, url, new BrokerCredentials { BotToken = botToken }, TimeProvider.System);
    }

    public Uri Url { get; }

    public BrokerClient Broker { get; }

    /// <summary>The environment's broker; the dev folder's where the environment names neither a token nor another broker.</summary>
    /// <exception cref="SettingsException">There is no token, or something is wrong.</exception>
    public static Connection Open(DevFolder folder, bool needsToken = true)
    {
        var settings = Settings.FromProcess(null);
        var url = BrokerAddress.Read(settings, DefaultBroker);
        var named = settings.Text(Variables.BrokerUrl) is not null;
        var token = settings.Secret(Variables.BotToken);
        settings.Check();
        if (token is null && folder.RunningUrl is { } dev && (!named || url == dev)) (url, token) = (dev, folder.BotToken);
        if (token is null && needsToken)
        {
            throw new SettingsException([$"{Variables.BotToken} is not set, and no `openclaw dev` runs in {folder.Path}. Run `openclaw dev` in another terminal, or set {Variables.BrokerUrl} and {Variables.BotToken} to those of your broker."]);
        }
        return new Connection(url, token);
    }

    /// <summary>Makes a failed call an exit code, and says what went wrong, why, and what to do.</summary>
    public int Explain(Exception e, Talk talk)
    {
        var (line, code) = e switch
        {
            BrokerException { Status: 401 } => ($"the broker at {Url} refuses the token ({e.Message}). Set {Variables.BotToken} to the broker's own.", ExitCodes.NotAllowed),
            BrokerException { Status: 405 } or BrokerException { Status: 404, Code: null, Message: not "job not found" } =>
                ($"the broker at {Url} does not know this command ({e.Message}): it is the original one, or no broker. Upgrade it, or set {Variables.BrokerUrl} to another.", ExitCodes.Unavailable),
            BrokerException { Status: 404 } => ("there is no job with this id. `openclaw jobs` lists the jobs there are.", ExitCodes.NotFound),
            BrokerException { Status: 413 or 422 or 400 } => ($"the broker refuses the request: {e.Message}. `openclaw COMMAND --help` shows what a command takes.", ExitCodes.Usage),
            BrokerException { IsPassing: true } busy => ($"the broker at {Url} can't do it now ({busy.Status} {e.Message}). Try again in {busy.RetryAfter?.TotalSeconds ?? 5} s.", ExitCodes.Unavailable),
            BrokerException other => ($"what answers at {Url} is no broker ({other.Status} {e.Message}). Set {Variables.BrokerUrl} to the broker itself.", ExitCodes.Unavailable),
            OperationCanceledException => ($"the broker at {Url} did not answer in time. Try `openclaw health`.", ExitCodes.Unavailable),
            _ => ($"can't reach a broker at {Url} ({e.Message}). Start one with `openclaw dev`, or set {Variables.BrokerUrl}.", ExitCodes.Unavailable),
        };
        talk.Say($"openclaw: {line}");
        return code;
    }

    public static bool IsFailedCall(Exception e) => e is BrokerException or HttpRequestException or IOException or TaskCanceledException;

    public void Dispose() => http.Dispose();
}
