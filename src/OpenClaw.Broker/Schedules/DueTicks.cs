namespace OpenClaw.Broker.Schedules;

/// <summary>The ticks that are to be made now, in their order, and how many others are left out for good.</summary>
internal readonly record struct DueTicks(IReadOnlyList<long> Ticks, long Missed)
{
    /// <summary>A tick that is no later than this is on time, whatever is done about late ones.</summary>
    public const long OnTimeMs = 10_000;

    /// <summary>How many late ones are made at most.</summary>
    public const int MostCaughtUp = 1000;

    /// <summary>So many missed ticks of one outage are counted, and no more.</summary>
    public const int MostCounted = 100_000;

    /// <param name="now">The wall clock.</param>
    /// <param name="tried">A tick whose job was refused: it is tried again for as long as none follows it.</param>
    public static DueTicks Of(Schedule schedule, Rhythm rhythm, long now, long? tried)
    {
        if (schedule.NextTick is not { } first || first > now || rhythm.Latest(first, now, 1) is not [var newest]) return new DueTicks([], 0);
        var window = Math.Max(OnTimeMs, schedule.CatchUpWindowSeconds * 1000L);
        List<long> ticks = schedule.CatchUp switch
        {
            CatchUp.All when now - newest <= window => rhythm.Latest(Math.Max(first, now - window), now, MostCaughtUp),
            CatchUp.One when now - newest <= window => [newest],
            _ when now - newest <= OnTimeMs || newest == tried => [newest],
            _ => [],
        };
        return new DueTicks(ticks, rhythm.Count(first, ticks.Count > 0 ? ticks[0] : now + 1, MostCounted));
    }

    /// <summary>
    /// The first tick that nobody has dealt with. Where the wall clock was set back, those to come come again: the ones that were made are not
    /// made anew.
    /// </summary>
    public static long? Next(Schedule schedule, Rhythm rhythm, long now) =>
        rhythm.After(now) is { } next && !(schedule.NextTick <= next) ? next : schedule.NextTick;
}
