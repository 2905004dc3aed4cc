using Cronos;

namespace OpenClaw.Broker.Schedules;

/// <summary>When a schedule ticks, on the wall clock: by a cron expression in a time zone, or every so many seconds. Milliseconds since 1970.</summary>
internal abstract class Rhythm
{
    /// <summary>Nothing ticks later: the year 2400.</summary>
    private const long Horizon = 13_569_465_600_000;

    private const long FirstSpan = 60_000;
    private readonly long from;
    private readonly long until;

    private Rhythm(long? from, long? until) => (this.from, this.until) = (Math.Max(0, from ?? 0), Math.Min(until ?? Horizon, Horizon));

    /// <exception cref="RhythmException">Its words mean nothing on this machine.</exception>
    public static Rhythm Of(Schedule schedule) => schedule switch
    {
        { Cron: { } cron } => new ByCron(Parse(cron), Zone(schedule.TimeZone), schedule.StartAt, schedule.EndAt),
        { EverySeconds: { } seconds } => new Every(seconds, schedule),
        _ => throw new RhythmException("cron", "has neither cron nor every_seconds"),
    };

    /// <summary>Null where its words mean nothing on this machine.</summary>
    public static Rhythm? TryOf(Schedule schedule, out string? why)
    {
        why = null;
        try
        {
            return Of(schedule);
        }
        catch (RhythmException e)
        {
            why = e.Message;
            return null;
        }
    }

    /// <summary>The time zone of an IANA name.</summary>
    /// <exception cref="RhythmException">The machine knows none.</exception>
    public static TimeZoneInfo Zone(string name) =>
        name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            && zone.Id == name // in other letters it is found only where somebody has used it before
            ? zone
            : throw new RhythmException("time_zone", $"'{name}' is no time zone that this machine knows; right ones are \"Europe/Berlin\" and \"UTC\"");

    /// <summary>The first tick at a time or after it; null where none comes any more.</summary>
    public long? From(long time) => time > until ? null : First(Math.Max(time, from)) is { } tick && tick <= until ? tick : null;

    /// <summary>The first tick after a time.</summary>
    public long? After(long time) => From(time + 1);

    /// <summary>Ticks from a time on, in their order.</summary>
    public IEnumerable<long> AllFrom(long time)
    {
        for (var tick = From(time); tick is not null; tick = After(tick.Value)) yield return tick.Value;
    }

    /// <summary>The last ticks between two times, both inclusive; no more than so many, in their order.</summary>
    public List<long> Latest(long first, long last, int most)
    {
        // Forwards, over longer and longer times: in the hour that spring leaves out, Cronos finds other ticks on its way back.
        for (var span = FirstSpan; ; span *= 4)
        {
            var from = Math.Max(first, last - span);
            var ticks = AllFrom(from).TakeWhile(t => t <= last).ToList();
            if (ticks.Count >= most || from == first) return ticks[Math.Max(0, ticks.Count - most)..];
        }
    }

    /// <summary>How many ticks there are from one time to before another; no more than so many are counted.</summary>
    public virtual long Count(long first, long end, int most) => AllFrom(first).Take(most).TakeWhile(t => t < end).LongCount();

    protected abstract long? First(long time);

    private static CronExpression Parse(string cron)
    {
        const string Preamble = "The given cron expression has an invalid format. ";
        var fields = cron.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Length;
        if (!cron.TrimStart().StartsWith('@') && fields is not (5 or 6)) throw Wrong($"it has {fields} fields");
        CronExpression parsed;
        try
        {
            parsed = CronExpression.Parse(cron, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
        }
        catch (Exception e) when (e is CronFormatException or MissingSeedException)
        {
            throw Wrong(e.Message.Replace(Preamble, "", StringComparison.Ordinal).TrimEnd('.'));
        }
        var comes = parsed.GetNextOccurrence(DateTime.UnixEpoch) is not null;
        return comes ? parsed : throw Wrong("no such day ever comes");

        RhythmException Wrong(string why) => new("cron",
            $"'{cron}' is no cron expression: {why}. A right one is \"30 3 * * 1-5\", which is minute, hour, day of the month, month and day of the week "
            + "(half past three from Monday to Friday); a sixth field before them is the second");
    }

    /// <summary>Cronos' rules for the days on which clocks change: see docs/protocol.md.</summary>
    private sealed class ByCron(CronExpression cron, TimeZoneInfo zone, long? from, long? until) : Rhythm(from, until)
    {
        protected override long? First(long time) => cron.GetNextOccurrence(DateTime.UnixEpoch.AddMilliseconds(time - 1), zone) is { } date
            ? (long)(date - DateTime.UnixEpoch).TotalMilliseconds
            : null;
    }

    /// <summary>The first is the start; without one, an interval after the schedule was made.</summary>
    private sealed class Every : Rhythm
    {
        private readonly long interval;
        private readonly long anchor;

        public Every(int seconds, Schedule schedule) : base(schedule.StartAt ?? schedule.CreatedAt / 1000 * 1000 + seconds * 1000L, schedule.EndAt) =>
            (interval, anchor) = (seconds * 1000L, from);

        public override long Count(long first, long end, int most) =>
            Math.Min(most, From(first) is { } tick && Math.Min(end, until + 1) is var before && tick < before ? (before - 1 - tick) / interval + 1 : 0);

        protected override long? First(long time) => anchor + (time - anchor + interval - 1) / interval * interval;
    }
}

/// <summary>What was said of a schedule's times means nothing.</summary>
/// <param name="wrong">The field that is wrong.</param>
internal sealed class RhythmException(string wrong, string message) : Exception(message)
{
    public string WrongField => wrong;
}
