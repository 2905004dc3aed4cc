using System.Text.Json.Serialization;

namespace OpenClaw.Bot.Chat;

/// <summary>A job as the bot has to remember it.</summary>
internal sealed record TrackedJob
{
    /// <summary>The id of the message or interaction that asked for it; also its idempotency key.</summary>
    public required string Key { get; init; }

    public required string UserId { get; init; }
    public required string ChannelId { get; init; }
    public required string Command { get; init; }

    /// <summary>As the broker calls it; null: as it stands in <see cref="Commands.All"/>.</summary>
    public string? BrokerCommand { get; init; }

    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>The payload, until the job is created.</summary>
    public string? Payload { get; init; }

    /// <summary>The message to reply to.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The interaction whose answer was put off, until it is filled in.</summary>
    public string? AnswerTo { get; init; }

    /// <summary>The broker's id; null until the job is created.</summary>
    public string? JobId { get; init; }

    /// <summary>The message that shows the job.</summary>
    public MessageRef? Shown { get; init; }

    public string Status { get; init; } = Contracts.JobStatuses.Queued;

    /// <summary>Somebody else's or an older job that is only looked at: it counts against no limit.</summary>
    public bool IsWatch { get; init; }

    /// <summary>The job has ended, and its message says so.</summary>
    public bool Settled { get; init; }

    /// <summary>The job has ended or is given up, whatever its message says.</summary>
    public bool Ended { get; init; }

    /// <summary>Why there is no job, where the broker refused it.</summary>
    public string? Refusal { get; init; }

    /// <summary>The person no longer wants to see it.</summary>
    public bool GivenUp { get; init; }

    /// <summary>The plan that this job approves.</summary>
    public string? PlanId { get; init; }

    /// <summary>The failed round of the job that its button has done again; null for a job that was asked for.</summary>
    public int? RetriedRound { get; init; }
}

internal enum PlanState
{
    Open,
    Approved,
    Cancelled,
}

internal sealed record PlanRecord(string PlanId, string UserId, DateTimeOffset MadeAt, PlanState State)
{
    /// <summary>The message with the buttons.</summary>
    public MessageRef? Shown { get; init; }
}

/// <summary>A job that waits for a yes, as one person was shown it.</summary>
/// <param name="Digest">Of what was shown: a decision is about that and nothing else.</param>
internal sealed record ShownApproval(string JobId, string UserId, string Command, string Digest)
{
    /// <summary>Null until it is known to be there.</summary>
    public MessageRef? Shown { get; init; }

    /// <summary>Its buttons may be gone, and nothing decided.</summary>
    public bool IsDeciding { get; init; }

    /// <summary>It is decided, and its message says so.</summary>
    public bool Settled { get; init; }

    public DateTimeOffset? SettledAt { get; init; }
}

/// <summary>All that survives a restart.</summary>
internal sealed record BotData
{
    public IReadOnlyDictionary<string, DateTimeOffset> LastCommands { get; init; } = new Dictionary<string, DateTimeOffset>();
    public IReadOnlyList<TrackedJob> Jobs { get; init; } = [];
    public IReadOnlyList<PlanRecord> Plans { get; init; } = [];
    public IReadOnlyList<ShownApproval> Approvals { get; init; } = [];
    public IReadOnlyList<string> Seen { get; init; } = [];

    public BotData With(TrackedJob job) => this with { Jobs = [.. Jobs, job] };

    /// <summary>The same with an event that is being served, and not again.</summary>
    public BotData WithSeen(ChatEvent e) => this with { Seen = [.. Seen, e.Id] };

    /// <summary>The same with one job changed.</summary>
    public BotData With(string key, Func<TrackedJob, TrackedJob> change) => this with { Jobs = [.. Jobs.Select(j => j.Key == key ? change(j) : j)] };

    public BotData With(PlanRecord plan) => this with { Plans = [.. Plans.Where(p => p.PlanId != plan.PlanId || p.UserId != plan.UserId), plan] };

    public ShownApproval? Approval(string user, string job) => Approvals.FirstOrDefault(a => a.UserId == user && a.JobId == job);

    public BotData With(ShownApproval shown) =>
        this with { Approvals = [.. Approvals.Where(a => a.UserId != shown.UserId || a.JobId != shown.JobId), shown] };

    /// <summary>The same with one of a person's messages changed.</summary>
    public BotData With(string user, string job, Func<ShownApproval, ShownApproval> change) =>
        this with { Approvals = [.. Approvals.Select(a => a.UserId == user && a.JobId == job ? change(a) : a)] };
}

/// <summary>The bot's memory: a value in a file, replaced whole with each change.</summary>
internal sealed class BotState(PrivateFile<BotData> file)
{
    private const int SeenKept = 1000;
    private const int SettledKept = 100;
    private const int PlansKept = 200;
    private const int DecidedKept = 200;

    private readonly Lock gate = new();
    private BotData data = file.Read() ?? new BotData();

    public BotData Now
    {
        get
        {
            lock (gate) return data;
        }
    }

    public TrackedJob? Job(string key) => Now.Jobs.FirstOrDefault(j => j.Key == key);

    /// <summary>Changes and keeps; when this returns, a crash no longer loses it.</summary>
    /// <exception cref="StateNotKeptException">It can't be kept; nothing is changed.</exception>
    public BotData Change(Func<BotData, BotData> change)
    {
        lock (gate)
        {
            var next = change(data);
            if (ReferenceEquals(next, data)) return data;
            next = Trim(next);
            file.Write(next);
            return data = next;
        }
    }

    public TrackedJob ChangeJob(string key, Func<TrackedJob, TrackedJob> change) => Change(d => d.With(key, change)).Jobs.First(j => j.Key == key);

    private static BotData Trim(BotData next)
    {
        var settled = next.Jobs.GroupBy(j => j.UserId)
            .SelectMany(jobs => jobs.Where(j => j.Settled).OrderByDescending(j => j.AskedAt).Skip(SettledKept))
            .Select(j => j.Key).ToHashSet();
        return next with
        {
            Jobs = settled.Count == 0 ? next.Jobs : [.. next.Jobs.Where(j => !settled.Contains(j.Key))],
            Seen = next.Seen.Count <= SeenKept ? next.Seen : [.. next.Seen.Skip(next.Seen.Count - SeenKept)],
            Approvals = [.. next.Approvals.Where(a => !a.Settled), .. next.Approvals.Where(a => a.Settled).TakeLast(DecidedKept)],
            Plans = next.Plans.Count <= PlansKept ? next.Plans : [.. next.Plans.Skip(next.Plans.Count - PlansKept)],
        };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(BotData))]
internal sealed partial class BotStateJson : JsonSerializerContext;
