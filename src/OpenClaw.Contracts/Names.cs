namespace OpenClaw.Contracts;

/// <summary>Request and response header names of the HTTP API.</summary>
public static class HeaderNames
{
    public const string BotToken = "X-Bot-Token";
    public const string WorkerToken = "X-Worker-Token";

    /// <summary>For whom the caller speaks, such as <c>discord:123</c>; for tokens that may act for others.</summary>
    public const string ActingFor = "X-Acting-For";

    public const string WorkerId = "X-Worker-Id";

    /// <summary>What the worker can do: a comma list or a JSON array of capability names.</summary>
    public const string WorkerCaps = "X-Worker-Caps";

    /// <summary>The commands that a worker takes; without it, what no other worker has told that it serves.</summary>
    public const string WorkerCommands = "X-Worker-Commands";

    /// <summary>The queues to claim from, in the order to look: a comma list.</summary>
    public const string WorkerQueues = "X-Worker-Queues";

    /// <summary>The lease token that a claim returned; the fence against stale workers.</summary>
    public const string LeaseToken = "X-Lease-Token";

    /// <summary>Chosen by the worker for each claim: the same id again gives the same claim again.</summary>
    public const string ClaimId = "X-Claim-Id";

    public const string IdempotencyKey = "Idempotency-Key";
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

    /// <summary>The token is known and lacks the right, or a page of somebody else asks.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The request's Host is no name of this broker.</summary>
    public const string WrongHost = "wrong_host";

    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string Invalid = "invalid";
    public const string BadRequest = "bad_request";
    public const string TooLarge = "too_large";
    public const string NotRunning = "not_running";

    /// <summary>Only a job that has ended can be deleted.</summary>
    public const string NotEnded = "not_ended";

    /// <summary>An unfinished job depends on it.</summary>
    public const string Needed = "needed";

    /// <summary>A batch that has ended takes no more jobs.</summary>
    public const string BatchEnded = "batch_ended";

    /// <summary>Nobody is asked for a yes to the job.</summary>
    public const string AlreadyDecided = "already_decided";

    /// <summary>The job is not what was shown to whoever decides.</summary>
    public const string DigestChanged = "digest_changed";

    /// <summary>Nobody may say yes to a job of his own.</summary>
    public const string OwnJob = "own_job";

    /// <summary>Only a job that failed or was cancelled can be done anew.</summary>
    public const string NotFailed = "not_failed";

    /// <summary>Only a job that waits can be changed.</summary>
    public const string NotWaiting = "not_waiting";

    public const string NotHeldByPerson = "not_held_by_person";

    /// <summary>Another job has the unique key.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>It has changed since the caller looked.</summary>
    public const string Changed = "changed";

    /// <summary>Another claim is newer: the sender's lease token is no longer the job's.</summary>
    public const string LeaseLost = "lease_lost";

    /// <summary>Another worker holds the lease, and the request carries no lease token.</summary>
    public const string WrongWorker = "wrong_worker";

    /// <summary>A chunk's number is not the next of its attempt; <c>next_n</c> says which is.</summary>
    public const string ChunkGap = "chunk_gap";

    /// <summary>What the job wrote is no longer kept.</summary>
    public const string ChunksPruned = "chunks_pruned";

    public const string IdempotencyMismatch = "idempotency_mismatch";

    /// <summary>The name is taken.</summary>
    public const string Exists = "exists";

    /// <summary>It stands in the broker's configuration, which alone changes it.</summary>
    public const string Configured = "configured";

    /// <summary>The queue has unfinished jobs, or is the one that is always there.</summary>
    public const string QueueInUse = "queue_in_use";

    public const string TooManyQueues = "too_many_queues";

    /// <summary>As many unfinished jobs as there may be.</summary>
    public const string QueueFull = "queue_full";

    /// <summary>As many workers have told of themselves as may.</summary>
    public const string TooManyWorkers = "too_many_workers";

    /// <summary>As many schedules as there may be.</summary>
    public const string TooManySchedules = "too_many_schedules";

    public const string RateLimited = "rate_limited";
    public const string Busy = "busy";
    public const string StorageFull = "storage_full";
    public const string Internal = "internal";
}
