using System.Globalization;
using OpenClaw.Programs;

namespace OpenClaw.Broker;

/// <summary>The broker's configuration, checked.</summary>
internal sealed record BrokerOptions
{
    public const int DefaultLeaseSeconds = 60;

    public const int DefaultAuditDays = 90;

    /// <summary>As the host: whatever address the tailnet gives this machine.</summary>
    public const string Tailscale = "tailscale";

    private const int MaxInterfaceName = 15;

    /// <summary>What a body may have around its one long text.</summary>
    public const int EnvelopeBytes = 64 * 1024;

    /// <summary>Tokens shorter than this are accepted, as the Python broker did, but warned of.</summary>
    public const int ShortTokenLength = 32;

    private const string NewToken = "Make one with: openssl rand -hex 32.";

    private static readonly string[] Placeholders = ["your_", "changeme", "change_me", "change_this", "replace_me", "replace_this", "replace_with",
        "insert_", "example", "placeholder", "todo"];

    public required string DatabasePath { get; init; }
    public required string BotToken { get; init; }
    public required string WorkerToken { get; init; }

    /// <summary>Where backups are kept; null for a folder beside the database.</summary>
    public string? BackupDir { get; init; }

    public string BackupFolder => BackupDir ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(DatabasePath))!, "backups");

    /// <summary>Makes tokens, reads the audit and opens the dashboard; null where nobody may.</summary>
    public string? AdminToken { get; init; }

    /// <summary>Opens the queue of webhooks to who delivers them; null where nobody does.</summary>
    public string? DeliverToken { get; init; }

    /// <summary>False switches the dashboard off, whatever else the admin token opens.</summary>
    public bool AllowDashboard { get; init; } = true;

    public bool HasDashboard => AllowDashboard && AdminToken is not null;

    /// <summary>Names under which the broker answers besides its own: a name, <c>.name</c> for all below it, <c>*</c> for any.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>An address of this machine, a name that stands for one, or <see cref="Tailscale"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Whether to listen on the address that Tailscale's interface has, and on loopback.</summary>
    public bool IsOnTailscale => Host.Equals(Tailscale, StringComparison.OrdinalIgnoreCase);

    public string TailscaleInterface { get; init; } = "tailscale0";

    /// <summary>An address that others reach is meant, and not warned of.</summary>
    public bool BindPublic { get; init; }

    /// <summary>0 lets the system choose.</summary>
    public int Port { get; init; } = 8000;

    public int LeaseSeconds { get; init; } = DefaultLeaseSeconds;
    public long MaxCreateBytes { get; init; } = 512 * 1024;
    public long MaxPayloadBytes { get; init; } = 256 * 1024;
    public long MaxResultBytes { get; init; } = 8 << 20;
    public long MaxOtherBytes { get; init; } = 16 * 1024;

    /// <summary>What long bodies and answers may hold in memory at once.</summary>
    public long MaxBytesInFlight { get; init; } = 256 << 20;

    /// <summary>Kept free on the database's disk, so that running jobs can be finished when it is full.</summary>
    public long DiskReserveBytes { get; init; } = 4 << 20;

    /// <summary>How many jobs may be unfinished; 0 for any number.</summary>
    public long MaxQueuedJobs { get; init; }

    /// <summary>How long the payloads of all unfinished jobs may be together; 0 for any length.</summary>
    public long MaxQueuedBytes { get; init; }

    /// <summary>How many jobs a token may create in a minute, where it has no rate of its own; 0 for any number.</summary>
    public int JobsPerMinute { get; init; }

    public int AuditDays { get; init; } = DefaultAuditDays;

    /// <summary>How long ended jobs are kept; null where nobody has said so.</summary>
    public Retention? Keep { get; init; }

    /// <summary>Which jobs need a person's yes.</summary>
    public IReadOnlyList<ApprovalRule> Approvals { get; init; } = [];

    public ApproveOwn ApproveOwn { get; init; } = ApproveOwn.Alone;

    /// <summary>Whether programs that ask are told that what jobs write can be followed.</summary>
    public bool EnableStreaming { get; init; } = true;

    public long LeaseMs => LeaseSeconds * 1000L;

    /// <exception cref="SettingsException">Something is missing or wrong.</exception>
    public static BrokerOptions Read(Settings settings)
    {
        if (FileLimit.Read() < FileLimit.Least)
        {
            settings.Note(string.Create(CultureInfo.InvariantCulture,
                $"This process may have {FileLimit.Read()} files open; the broker needs {FileLimit.Least}, and one for each connection. ")
                + "Raise the limit: ulimit -n 4096, or LimitNOFILE=4096 in a systemd unit.");
        }
        const long MaxBytes = 1L << 30;
        var options = new BrokerOptions
        {
            DatabasePath = settings.Text(Variables.BrokerDb, "/var/lib/openclaw-broker/broker.db"),
            BackupDir = settings.Text(BrokerVariables.BackupDir),
            BotToken = Token(settings, Variables.BotToken, settings.RequiredSecret(Variables.BotToken, NewToken)),
            WorkerToken = Token(settings, Variables.WorkerToken, settings.RequiredSecret(Variables.WorkerToken, NewToken)),
            AdminToken = settings.Secret(Variables.AdminToken) is { } admin ? Token(settings, Variables.AdminToken, admin) : null,
            DeliverToken = settings.Secret(BrokerVariables.DeliverToken) is { } deliver ? Token(settings, BrokerVariables.DeliverToken, deliver) : null,
            AllowedHosts = settings.Text(BrokerVariables.AllowedHosts, "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            AllowDashboard = settings.Text(BrokerVariables.Dashboard) is not "0",
            Host = ReadHost(settings),
            TailscaleInterface = ReadInterface(settings),
            BindPublic = settings.Text(BrokerVariables.BindPublic) is "1",
            Port = settings.WholeNumber(Variables.BrokerPort, 8000, 0, 65535),
            LeaseSeconds = settings.WholeNumber(BrokerVariables.LeaseSeconds, DefaultLeaseSeconds, 1, 86400),
            MaxCreateBytes = settings.WholeNumber(BrokerVariables.MaxCreateBytes, 512L * 1024, 1024, MaxBytes),
            MaxPayloadBytes = settings.WholeNumber(BrokerVariables.MaxPayloadBytes, 256L * 1024, 0, MaxBytes),
            MaxResultBytes = settings.WholeNumber(BrokerVariables.MaxResultBytes, 8L << 20, 0, MaxBytes),
            MaxOtherBytes = settings.WholeNumber(BrokerVariables.MaxOtherBytes, 16L * 1024, 1024, MaxBytes),
            MaxQueuedJobs = settings.WholeNumber(BrokerVariables.MaxQueuedJobs, 0L, 0, long.MaxValue / 2),
            MaxQueuedBytes = settings.WholeNumber(BrokerVariables.MaxQueuedBytes, 0L, 0, long.MaxValue / 2),
            JobsPerMinute = settings.WholeNumber(BrokerVariables.JobsPerMinute, 0, 0, 1_000_000),
            AuditDays = settings.WholeNumber(BrokerVariables.AuditDays, DefaultAuditDays, 1, 36500),
            Keep = ReadRetention(settings),
            Approvals = ApprovalRule.Read(settings, BrokerVariables.Approvals),
            ApproveOwn = ReadApproveOwn(settings),
            EnableStreaming = settings.Text(BrokerVariables.EnableStreaming, "1").ToUpperInvariant() is not ("0" or "FALSE" or "NO" or "OFF"),
            DiskReserveBytes = settings.WholeNumber(BrokerVariables.DiskReserveBytes, 4L << 20, 0, MaxBytes),
        };
        // A body is counted twice, and the longest must fit.
        var longest = 2 * (Math.Max(options.MaxResultBytes, options.MaxCreateBytes) + EnvelopeBytes);
        var quarter = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
        options = options with { MaxBytesInFlight = settings.WholeNumber(BrokerVariables.MaxBytesInFlight,
            Math.Max(longest, Math.Min(quarter, 256L << 20)), longest, long.MaxValue / 2) };
        settings.Check();
        return options;
    }

    /// <summary>What is allowed but unwise, a line each.</summary>
    public IEnumerable<string> Warnings()
    {
        foreach (var (name, token) in new[] { (Variables.BotToken, BotToken), (Variables.WorkerToken, WorkerToken), (Variables.AdminToken, AdminToken),
            (BrokerVariables.DeliverToken, DeliverToken) })
        {
            if (token?.Length < ShortTokenLength) yield return $"{name} has fewer than {ShortTokenLength} characters; a longer one can't be guessed: "
                + "openssl rand -hex 32";
        }
        if (AdminToken is not null && (AdminToken == BotToken || AdminToken == WorkerToken)) yield return $"{Variables.AdminToken} is also another token: "
            + "who has that one may make tokens; set it to one of its own";
        if (BotToken == WorkerToken) yield return $"{Variables.BotToken} and {Variables.WorkerToken} are the same; with two, a worker's token can't "
            + "create jobs";
    }

    private static ApproveOwn ReadApproveOwn(Settings settings)
    {
        if (settings.Text(BrokerVariables.ApproveOwn) is not { } said) return ApproveOwn.Alone;
        if (Enum.TryParse<ApproveOwn>(said, ignoreCase: true, out var word) && !char.IsAsciiDigit(said[0])) return word;
        settings.Note($"{BrokerVariables.ApproveOwn} is '{said}'. It takes never, alone (if there is no other approver) or always.");
        return ApproveOwn.Alone;
    }

    private static Retention? ReadRetention(Settings settings)
    {
        const int MostDays = 36500;
        string[] names = [BrokerVariables.KeepDoneDays, BrokerVariables.KeepFailedDays, BrokerVariables.KeepCancelledDays, BrokerVariables.KeepJobs];
        var usual = Retention.Default;
        var said = new Retention(settings.WholeNumber(names[0], usual.DoneDays, 0, MostDays), settings.WholeNumber(names[1], usual.FailedDays, 0, MostDays),
            settings.WholeNumber(names[2], usual.CancelledDays, 0, MostDays), settings.WholeNumber(names[3], usual.MostJobs, 0, long.MaxValue / 2));
        return names.Any(n => settings.Text(n) is not null) ? said : null;
    }

    private static string Token(Settings settings, string name, string token)
    {
        if (IsPlaceholder(token)) settings.Note($"{name} is an example's placeholder. {NewToken} Then set {name} to it.");
        if (token.Any(static c => char.IsControl(c) || c > '\u00ff')) settings.Note($"{name} has a character that no HTTP header can carry, such as a "
            + $"line end or an emoji. {NewToken} Then set {name} to it.");
        return token;
    }

    private static bool IsPlaceholder(string token)
    {
        var plain = token.Trim('<', '>', '"', '\'').Replace('-', '_').Replace(' ', '_');
        return Placeholders.Any(p => plain.StartsWith(p, StringComparison.OrdinalIgnoreCase)) || plain.Length > 0 && plain.All(static c =>
            c is 'x' or 'X' or '.' or '*');
    }

    private static string ReadInterface(Settings settings)
    {
        var name = settings.Text(BrokerVariables.TailscaleInterface, "tailscale0");
        if (name.Length > MaxInterfaceName || !name.All(char.IsAscii)) settings.Note($"{BrokerVariables.TailscaleInterface} is '{name}', and no network "
            + "interface has such a name. Set it to the one that 'ip address' shows for Tailscale, or leave it out: tailscale0.");
        return name;
    }

    private static string ReadHost(Settings settings)
    {
        var host = settings.Text(Variables.BrokerHost, "127.0.0.1").Trim('[', ']');
        if (Uri.CheckHostName(host) != UriHostNameType.Unknown) return host;
        settings.Note($"{Variables.BrokerHost} is '{host}'. It takes an address of this machine, such as 127.0.0.1 or the one that 'tailscale ip -4' "
            + "prints, a name that stands for one, or 'tailscale'.");
        return "127.0.0.1";
    }
}

/// <summary>Whether a person may say yes to a job of his own.</summary>
internal enum ApproveOwn
{
    Never,

    /// <summary>Where there is no other approver.</summary>
    Alone,

    Always,
}

/// <summary>How long ended jobs are kept, in days that the broker ran; 0 for ever.</summary>
/// <param name="MostJobs">How many at most; 0 for any number.</param>
internal sealed record Retention(int DoneDays, int FailedDays, int CancelledDays, long MostJobs)
{
    public static readonly Retention Default = new(7, 30, 7, 0);
}
