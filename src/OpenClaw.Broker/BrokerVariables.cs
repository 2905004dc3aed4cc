namespace OpenClaw.Broker;

/// <summary>Names of the environment variables that the broker alone reads.</summary>
internal static class BrokerVariables
{
    /// <summary>A comma list of names under which the broker answers, besides its own.</summary>
    public const string AllowedHosts = "ALLOWED_HOSTS";

    /// <summary><c>0</c>: no dashboard, also with an admin token.</summary>
    public const string Dashboard = "DASHBOARD";

    /// <summary><c>1</c>: no warning of an address that others reach.</summary>
    public const string BindPublic = "BROKER_BIND_PUBLIC";

    /// <summary>Where <c>BROKER_HOST=tailscale</c> looks for its address.</summary>
    public const string TailscaleInterface = "TAILSCALE_INTERFACE";

    public const string LeaseSeconds = "LEASE_SECONDS";
    public const string MaxCreateBytes = "MAX_REQUEST_BODY_BYTES";
    public const string MaxPayloadBytes = "MAX_PAYLOAD_BYTES";
    public const string MaxResultBytes = "MAX_RESULT_BYTES";
    public const string MaxOtherBytes = "MAX_OTHER_BODY_BYTES";
    public const string MaxBytesInFlight = "MAX_BYTES_IN_FLIGHT";

    /// <summary>How many jobs may be unfinished; the Python broker's name.</summary>
    public const string MaxQueuedJobs = "MAX_QUEUED_JOBS";

    /// <summary>How long the payloads of all unfinished jobs may be together.</summary>
    public const string MaxQueuedBytes = "MAX_QUEUED_BYTES";

    /// <summary>How many jobs a token may create in a minute, where it has no rate of its own; the Python broker's name.</summary>
    public const string JobsPerMinute = "RATE_LIMIT_JOBS_PER_MIN";

    /// <summary>For how many days the audit is kept.</summary>
    public const string AuditDays = "AUDIT_DAYS";

    /// <summary>For how many days a job is kept that is done, that failed, that was cancelled; 0 for ever.</summary>
    public const string KeepDoneDays = "KEEP_DONE_DAYS";

    public const string KeepFailedDays = "KEEP_FAILED_DAYS";
    public const string KeepCancelledDays = "KEEP_CANCELLED_DAYS";

    /// <summary>How many ended jobs are kept; 0 for any number.</summary>
    public const string KeepJobs = "KEEP_JOBS";

    /// <summary>A file of rules that say which jobs need a person's yes.</summary>
    public const string Approvals = "APPROVALS";

    /// <summary>Whether a person may say yes to a job of his own: <c>never</c>, <c>alone</c>, <c>always</c>.</summary>
    public const string ApproveOwn = "APPROVE_OWN";

    /// <summary>0 to tell the Python system's programs that they shall not stream; the Python broker's name.</summary>
    public const string EnableStreaming = "ENABLE_STREAMING";

    /// <summary>The token of <c>openclaw-broker --deliver</c>; without it no job has a webhook.</summary>
    public const string DeliverToken = "DELIVER_TOKEN";

    /// <summary>What signs webhooks, as <c>whsec_</c> and Base64; while it is being changed two of them, with a space between.</summary>
    public const string WebhookSecret = "WEBHOOK_SECRET";

    /// <summary>A comma list of names, addresses and networks to which webhooks may go, though they are private or not encrypted.</summary>
    public const string WebhookAllow = "WEBHOOK_ALLOW";

    /// <summary>Where backups are kept, if not beside the database.</summary>
    public const string BackupDir = "BACKUP_DIR";

    public const string DiskReserveBytes = "DISK_RESERVE_BYTES";
}
