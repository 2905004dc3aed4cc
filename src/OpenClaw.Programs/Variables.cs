namespace OpenClaw.Programs;

/// <summary>Names of the environment variables that more than one program knows; a program's own are in that program.</summary>
public static class Variables
{
    public const string BrokerUrl = "BROKER_URL";

    /// <summary><c>1</c> allows an http address outside this machine and the tailnet.</summary>
    public const string AllowPlainHttp = "ALLOW_PLAIN_HTTP";

    public const string BotToken = "BOT_TOKEN";
    public const string WorkerToken = "WORKER_TOKEN";
    public const string AdminToken = "ADMIN_TOKEN";

    public const string BrokerDb = "BROKER_DB";
    public const string BrokerHost = "BROKER_HOST";
    public const string BrokerPort = "BROKER_PORT";

    public const string WorkerId = "WORKER_ID";
    public const string WorkerCaps = "WORKER_CAPS";

    /// <summary>The keys whose jobs a runner runs, as <c>name:key</c> with commas; without it all jobs.</summary>
    public const string JobKeys = "JOB_KEYS";

    public const string RunnerStateDir = "RUNNER_STATE_DIR";
    public const string PollIntervalSec = "POLL_INTERVAL_SEC";
}
