namespace OpenClaw.Broker;

/// <summary>Names of the environment variables that the broker alone reads.</summary>
internal static class BrokerVariables
{
    /// <summary>A comma list of names under which the dashboard is served.</summary>
    public const string AllowedHosts = "ALLOWED_HOSTS";

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

    public const string DiskReserveBytes = "DISK_RESERVE_BYTES";
}
