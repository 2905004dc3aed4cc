using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>Which broker the commands talk to, and with which token.</summary>
internal sealed class Connection : IDisposable
{
    private const string DefaultBroker = "http://127.0.0.1:8000";

    private readonly HttpClient http = BrokerHttp.Create();

    private readonly string tokenName;

    private Connection(Uri url, string? botToken, bool asAdmin)
    {
        HasToken = botToken is not null;
        tokenName = asAdmin ? Variables.AdminToken : Variables.BotToken;
        Url = url;
        Broker = new BrokerClient(http, url, new BrokerCredentials { BotToken = botToken }, TimeProvider.System);
    }

    public Uri Url { get; }

    public bool HasToken { get; }

    public BrokerClient Broker { get; }

    /// <summary>The environment's broker; the dev folder's where the environment names neither a token nor another broker.</summary>
    /// <param name="asAdmin">Whether an admin's token is wanted: ADMIN_TOKEN, or a BOT_TOKEN that is one.</param>
    /// <param name="envFile">Serves what the environment lacks.</param>
    /// <exception cref="SettingsException">There is no token, or something is wrong.</exception>
    public static Connection Open(DevFolder folder, bool needsToken = true, bool asAdmin = false, string? envFile = null)
    {
        var settings = Settings.FromProcess(envFile);
        var url = BrokerAddress.Read(settings, DefaultBroker);
        var named = settings.Text(Variables.BrokerUrl) is not null;
        var token = (asAdmin ? settings.Secret(Variables.AdminToken) : null) ?? settings.Secret(Variables.BotToken);
        settings.Check();
        if (token is null && folder.RunningUrl is { } dev && (!named || url == dev)) (url, token) = (dev, asAdmin ? folder.AdminToken : folder.BotToken);
        if (token is null && needsToken)
        {
            var name = asAdmin ? Variables.AdminToken : Variables.BotToken;
            throw new SettingsException([$"{name} is not set, and no `clawctl dev` runs in {folder.Path}. "
                + $"Run `clawctl dev` in another terminal, or set {Variables.BrokerUrl} and {name} to those of your broker."]);
        }
        return new Connection(url, token, asAdmin);
    }

    /// <summary>What a failed call means: what went wrong, why and what to do, and the exit code for it.</summary>
    public (string Line, int ExitCode) Explain(BrokerException e) => e switch
    {
        { NeverArrived: true } => (
            $"can't reach a broker at {Url} ({e.Message}). Start one with `clawctl dev`, or set {Variables.BrokerUrl}.",
            ExitCodes.Unavailable),
        { IsAway: true } => (
            $"the broker at {Url} did not answer ({e.Message}). Try `clawctl health`.",
            ExitCodes.Unavailable),
        { IsPassing: true } => (
            $"the broker at {Url} can't do it now ({e.Status} {e.Message}). Try again in {e.RetryAfter?.TotalSeconds ?? 5:0} s.",
            ExitCodes.Unavailable),
        { Status: 401 } => (
            $"the broker at {Url} refuses the token ({e.Message}). Set {tokenName} to the broker's own.",
            ExitCodes.NotAllowed),
        { Status: 403 } => (
            $"the broker at {Url} does not allow it: {e.Message}.",
            ExitCodes.NotAllowed),
        { IsUnreadable: true } or { Status: < 400 } => (
            $"what answers at {Url} is no broker ({e.Status} {e.Message}). Set {Variables.BrokerUrl} to the broker itself.",
            ExitCodes.Unavailable),
        { Status: 405 } => (
            $"the broker at {Url} does not know this command ({e.Message}): it is the original one. Upgrade it, or set {Variables.BrokerUrl} to another.",
            ExitCodes.Unavailable),
        { Status: 404, Code: null } => (
            $"the broker at {Url} says: {e.Message}. There is no job with this id, or it is the original broker and does not know this command.",
            ExitCodes.NotFound),
        { Code: ErrorCodes.NotEnded } => (
            $"the job is still {e.State}. Cancel it first, with `clawctl cancel`.",
            ExitCodes.Usage),
        { Status: 404 } => (
            $"{e.Message}. `clawctl jobs` lists the jobs there are; `clawctl schedules`, `queues`, `workers` and `token list` do that for theirs.",
            ExitCodes.NotFound),
        _ => (
            $"the broker refuses the request: {e.Message}. `clawctl COMMAND --help` shows what a command takes.",
            ExitCodes.Usage),
    };

    public void Dispose() => http.Dispose();
}
