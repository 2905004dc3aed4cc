namespace OpenClaw.Contracts;

/// <summary>Request and response header names of the HTTP API.</summary>
public static class HeaderNames
{
    public const string BotToken = "X-Bot-Token";
    public const string WorkerToken = "X-Worker-Token";
    public const string WorkerId = "X-Worker-Id";

    /// <summary>What the worker can do: a comma list or a JSON array of capability names.</summary>
    public const string WorkerCaps = "X-Worker-Caps";

    /// <summary>The queues to claim from, in the order to look: a comma list.</summary>
    public const string WorkerQueues = "X-Worker-Queues";

    /// <summary>The lease token that a claim returned; the fence against stale workers.</summary>
    public const string LeaseToken = "X-Lease-Token";

    /// <summary>Chosen by the worker for each claim: the same id again gives the same claim again.</summary>
    public const string ClaimId = "X-Claim-Id";

    public const string IdempotencyKey = "Idempotency-Key";
}

/// <summary>Names of the environment variables that the programs read.</summary>
public static class Variables
{
    public const string BrokerDb = "BROKER_DB";
    public const string BrokerHost = "BROKER_HOST";
    public const string BrokerPort = "BROKER_PORT";
    public const string WorkerToken = "WORKER_TOKEN";
    public const string BotToken = "BOT_TOKEN";
    public const string AdminToken = "ADMIN_TOKEN";
    public const string LeaseSeconds = "LEASE_SECONDS";
    public const string MaxCreateBytes = "MAX_REQUEST_BODY_BYTES";
    public const string MaxPayloadBytes = "MAX_PAYLOAD_BYTES";
    public const string MaxResultBytes = "MAX_RESULT_BYTES";
    public const string MaxOtherBytes = "MAX_OTHER_BODY_BYTES";
    public const string DiskReserveBytes = "DISK_RESERVE_BYTES";

    public const string BrokerUrl = "BROKER_URL";

    /// <summary><c>1</c> allows an http address outside this machine and the tailnet.</summary>
    public const string AllowPlainHttp = "ALLOW_PLAIN_HTTP";

    public const string WorkerId = "WORKER_ID";
    public const string WorkerCaps = "WORKER_CAPS";
    public const string RunnerStateDir = "RUNNER_STATE_DIR";
    public const string RunnerConcurrency = "RUNNER_CONCURRENCY";
    public const string PollIntervalSec = "POLL_INTERVAL_SEC";
    public const string ResultTimeoutSec = "RESULT_TIMEOUT_SEC";

    public const string DiscordToken = "DISCORD_TOKEN";
    public const string DiscordApiUrl = "DISCORD_API_URL";
    public const string AllowedUserId = "ALLOWED_USER_ID";
    public const string AllowlistUserId = "ALLOWLIST_USER_ID";
    public const string AllowedChannelId = "ALLOWED_CHANNEL_ID";
    public const string JobPollIntervalSec = "JOB_POLL_INTERVAL_SEC";
    public const string JobPollTimeoutSec = "JOB_POLL_TIMEOUT_SEC";
    public const string BotCooldownSeconds = "BOT_COOLDOWN_SECONDS";
    public const string BotMaxConcurrent = "BOT_MAX_CONCURRENT";
    public const string BotStateDir = "BOT_STATE_DIR";
    public const string BotApproveMinutes = "BOT_APPROVE_MINUTES";
}

/// <summary>The contract's four status words: old clients never meet a fifth.</summary>
public static class JobStatuses
{
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Done = "done";
    public const string Failed = "failed";

    /// <summary>Whether a job with this status has ended.</summary>
    public static bool IsFinal(string status) => status is Done or Failed;
}

/// <summary>The exact states, in the job's <c>state</c>.</summary>
public static class JobStates
{
    public const string Queued = "queued";
    public const string Scheduled = "scheduled";

    /// <summary>Waits for something that is no time.</summary>
    public const string Held = "held";

    public const string Running = "running";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
}

/// <summary>Stable words in the <c>code</c> of an error.</summary>
public static class ErrorCodes
{
    public const string Unauthorized = "unauthorized";
    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string Invalid = "invalid";
    public const string BadRequest = "bad_request";
    public const string TooLarge = "too_large";
    public const string NotRunning = "not_running";

    /// <summary>Another claim is newer: the sender's lease token is no longer the job's.</summary>
    public const string LeaseLost = "lease_lost";

    /// <summary>Another worker holds the lease, and the request carries no lease token.</summary>
    public const string WrongWorker = "wrong_worker";

    public const string IdempotencyMismatch = "idempotency_mismatch";
    public const string TooManyQueues = "too_many_queues";
    public const string Busy = "busy";
    public const string StorageFull = "storage_full";
    public const string Internal = "internal";
}

/// <summary>Exit codes of all programs, after sysexits.h where it has one.</summary>
public static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;

    /// <summary>Of the command line: the job was cancelled.</summary>
    public const int Cancelled = 2;

    public const int Usage = 64;

    /// <summary>Of the command line: there is no such job.</summary>
    public const int NotFound = 66;

    public const int Unavailable = 69;
    public const int Internal = 70;

    /// <summary>An I/O error after which memory and disk may differ: restart and recover.</summary>
    public const int Io = 74;

    /// <summary>Of the command line: the broker refused the token.</summary>
    public const int NotAllowed = 77;

    /// <summary>The configuration is wrong; a restart won't help.</summary>
    public const int Configuration = 78;
}
