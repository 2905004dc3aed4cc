using System.Globalization;

namespace OpenClaw.Bot.Chat;

/// <summary>When a schedule ticks, as the broker is told, and how people say it.</summary>
/// <param name="Cron">Five fields; null with <paramref name="EverySeconds"/>.</param>
internal sealed record Recurrence(string? Cron, int? EverySeconds)
{
    public const int Minute = 60;
    public const int Hour = 60 * Minute;
    public const int Day = 24 * Hour;

    private const int ShortestMonth = 28;
    private const string LastDay = "L";
    private static readonly DayOfWeek[] Week =
    [
        DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday, DayOfWeek.Saturday, DayOfWeek.Sunday,
    ];

    public static IReadOnlyList<DayOfWeek> EveryDay => Week;
    public static IReadOnlyList<DayOfWeek> Weekdays { get; } = Week[..5];
    public static IReadOnlyList<DayOfWeek> Weekend { get; } = Week[5..];

    public static Recurrence OnDays(IReadOnlySet<DayOfWeek> days, TimeOnly time) =>
        AtTime(time, "*", days.Count == Week.Length ? "*" : Joined(days.Select(d => (int)d).Order()));

    public static Recurrence OnDaysOfMonth(IReadOnlySet<int> days, TimeOnly time) => AtTime(time, Joined(days.Order()), "*");

    public static Recurrence OnLastDayOfMonth(TimeOnly time) => AtTime(time, LastDay, "*");

    /// <summary>In words that begin with "every"; null where it is more than these words can say.</summary>
    public string? InWords()
    {
        if (EverySeconds is { } seconds) return Interval(seconds);
        if (Cron?.Split(' ') is not [var minute, var hour, var daysOfMonth, "*", var days]) return null;
        if (Number(minute, 0, 59) is not { } m || Number(hour, 0, 23) is not { } h) return null;
        var which = (daysOfMonth, days) switch
        {
            ("*", "*") => "every day",
            ("*", _) => Numbers(days, 0, 6) is { } numbers ? OfWeek([.. numbers.Select(n => (DayOfWeek)n)]) : null,
            (LastDay, "*") => "every month on the last day",
            (_, "*") => Numbers(daysOfMonth, 1, 31) is { } numbers ? OfMonth(numbers) : null,
            _ => null,
        };
        var left = which is not null && days == "*" && Numbers(daysOfMonth, 1, 31) is { } all && all.Exists(n => n > ShortestMonth)
            ? ", in months that have that day" : "";
        return which is null ? null : string.Create(CultureInfo.InvariantCulture, $"{which} at {h}:{m:00}{left}");
    }

    private static Recurrence AtTime(TimeOnly time, string daysOfMonth, string days) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{time.Minute} {time.Hour} {daysOfMonth} * {days}"), null);

    private static string Interval(int seconds) => seconds switch
    {
        > Day when seconds % Day == 0 => Times(seconds / Day, "day"),
        >= Hour when seconds % Hour == 0 => Times(seconds / Hour, "hour"),
        >= Minute when seconds % Minute == 0 => Times(seconds / Minute, "minute"),
        _ => Times(seconds, "second"),
    };

    private static string Times(int count, string unit) => count == 1 ? $"every {unit}" : string.Create(CultureInfo.InvariantCulture, $"every {count} {unit}s");

    private static string OfWeek(HashSet<DayOfWeek> days) =>
        days.SetEquals(Weekdays) ? "every weekday" : "every " + Listed([.. Week.Where(days.Contains).Select(d => d.ToString())]);

    private static string OfMonth(List<int> days) => "every month on the " + Listed([.. days.Select(Ordinal)]);

    private static string Ordinal(int day) => day switch
    {
        1 or 21 or 31 => $"{day}st",
        2 or 22 => $"{day}nd",
        3 or 23 => $"{day}rd",
        _ => $"{day}th",
    };

    private static string Listed(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}";

    private static string Joined(IEnumerable<int> numbers) => string.Join(',', numbers);

    /// <summary>A list of numbers as it stands in cron; null where it is something else.</summary>
    private static List<int>? Numbers(string list, int min, int max)
    {
        var numbers = list.Split(',').Select(n => Number(n, min, max)).ToList();
        return numbers.TrueForAll(n => n is not null) ? [.. numbers.Select(n => n!.Value)] : null;
    }

    private static int? Number(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null;
}
