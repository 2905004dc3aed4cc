namespace OpenClaw.Broker.Schedules;

/// <summary>What becomes of ticks that passed while nobody was there to make their jobs.</summary>
internal enum CatchUp
{
    /// <summary>The last of them is made, within the window.</summary>
    One,

    /// <summary>None is made.</summary>
    Skip,

    /// <summary>All within the window are made.</summary>
    All,
}

/// <summary>What a tick does while the job of the one before has not ended.</summary>
internal enum Overlap
{
    /// <summary>It makes its job.</summary>
    Allow,

    /// <summary>It is left out.</summary>
    Skip,

    /// <summary>It waits in the schedule until that job has ended; what comes meanwhile is left out.</summary>
    QueueOne,

    /// <summary>It cancels that job and makes its own.</summary>
    CancelOther,
}

/// <summary>
/// A schedule as its row holds it; the job that it makes stands apart, as it was sent. Times are milliseconds since 1970 on the wall clock,
/// ticks are whole seconds of it.
/// </summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Schedule")]
internal sealed record Schedule
{
    public const string DefaultZone = "UTC";
    public const int DefaultWindowSeconds = 3600;

    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows with what people change.</summary>
    [Id(1)] public long Version { get; init; } = 1;

    /// <summary>Grows with each write of the row: the fence, so that no tick is made twice.</summary>
    [Id(2)] public long Revision { get; init; } = 1;

    [Id(3)] public string? Cron { get; init; }
    [Id(4)] public int? EverySeconds { get; init; }
    [Id(5)] public string TimeZone { get; init; } = DefaultZone;
    [Id(6)] public long? StartAt { get; init; }
    [Id(7)] public long? EndAt { get; init; }
    [Id(8)] public int JitterSeconds { get; init; }
    [Id(9)] public CatchUp CatchUp { get; init; }
    [Id(10)] public int CatchUpWindowSeconds { get; init; } = DefaultWindowSeconds;
    [Id(11)] public Overlap Overlap { get; init; }

    /// <summary>Of the job, for lists.</summary>
    [Id(12)] public string Command { get; init; } = "";

    [Id(13)] public long CreatedAt { get; init; }

    /// <summary>The name of the token that said what to make; null for the shared one. It may have been revoked since.</summary>
    [Id(14)] public string? MadeBy { get; init; }

    /// <summary>The same as people read it.</summary>
    [Id(15)] public string Actor { get; init; } = "";

    /// <summary>For whom that was.</summary>
    [Id(16)] public string? Person { get; init; }

    /// <summary>How many unfinished jobs that token may have.</summary>
    [Id(17)] public int? MaxQueued { get; init; }

    [Id(18)] public long? PausedAt { get; init; }
    [Id(19)] public string? PausedBy { get; init; }
    [Id(20)] public string? PauseReason { get; init; }

    /// <summary>The first tick that nobody has dealt with; null where none will come.</summary>
    [Id(21)] public long? NextTick { get; init; }

    /// <summary>A tick that waits until the last job has ended.</summary>
    [Id(22)] public long? KeptTick { get; init; }

    [Id(23)] public long? LastTick { get; init; }
    [Id(24)] public Guid? LastJob { get; init; }

    /// <summary>How many ticks made no job because nobody was there, or because it was refused.</summary>
    [Id(25)] public long Missed { get; init; }

    /// <summary>How many made none because the job before had not ended.</summary>
    [Id(26)] public long Skipped { get; init; }

    public bool IsPaused => PausedAt is not null;

    public override string ToString() => $"schedule {Name} version {Version}";
}

/// <summary>The words of <see cref="CatchUp"/> and <see cref="Overlap"/>, the same on the wire and in the table.</summary>
internal static class ScheduleWords
{
    private static readonly string[] CatchUps = ["one", "skip", "all"];
    private static readonly string[] Overlaps = ["allow", "skip", "queue_one", "cancel_other"];

    public static string AllCatchUps { get; } = string.Join(", ", CatchUps);

    public static string AllOverlaps { get; } = string.Join(", ", Overlaps);

    public static string Name(this CatchUp catchUp) => CatchUps[(int)catchUp];

    public static string Name(this Overlap overlap) => Overlaps[(int)overlap];

    /// <summary>Null where there is none of that name.</summary>
    public static CatchUp? ParseCatchUp(string? name) => Array.IndexOf(CatchUps, name) is >= 0 and var index ? (CatchUp)index : null;

    /// <inheritdoc cref="ParseCatchUp"/>
    public static Overlap? ParseOverlap(string? name) => Array.IndexOf(Overlaps, name) is >= 0 and var index ? (Overlap)index : null;
}
