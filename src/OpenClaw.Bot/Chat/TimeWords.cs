using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenClaw.Bot.Chat;

/// <summary>Days, times of day and spans as people write them. What is none of them is left to be read otherwise.</summary>
internal static partial class TimeWords
{
    private static readonly Dictionary<string, int> Units = new()
    {
        ["second"] = 1, ["seconds"] = 1, ["sec"] = 1, ["secs"] = 1, ["s"] = 1,
        ["minute"] = Recurrence.Minute, ["minutes"] = Recurrence.Minute, ["min"] = Recurrence.Minute, ["mins"] = Recurrence.Minute, ["m"] = Recurrence.Minute,
        ["hour"] = Recurrence.Hour, ["hours"] = Recurrence.Hour, ["hr"] = Recurrence.Hour, ["hrs"] = Recurrence.Hour, ["h"] = Recurrence.Hour,
        ["day"] = Recurrence.Day, ["days"] = Recurrence.Day, ["week"] = 7 * Recurrence.Day, ["weeks"] = 7 * Recurrence.Day,
    };

    private static readonly Dictionary<string, DayOfWeek> Abbreviations = new()
    {
        ["mon"] = DayOfWeek.Monday, ["tue"] = DayOfWeek.Tuesday, ["tues"] = DayOfWeek.Tuesday, ["wed"] = DayOfWeek.Wednesday, ["weds"] = DayOfWeek.Wednesday,
        ["thu"] = DayOfWeek.Thursday, ["thur"] = DayOfWeek.Thursday, ["thurs"] = DayOfWeek.Thursday, ["fri"] = DayOfWeek.Friday,
        ["sat"] = DayOfWeek.Saturday, ["sun"] = DayOfWeek.Sunday,
    };

    /// <summary>"15 minutes", "2h", "hour": its seconds, as many as fit; null where it is no span, or says a day without a number before it.</summary>
    public static long? TakeSpan(WordReader words)
    {
        var ahead = new WordReader(words.Rest);
        if (CountAndUnit().Match(ahead.Take()) is not { Success: true } match) return null;
        var (digits, unit) = (match.Groups[1].Value, match.Groups[2].Value);
        var parts = unit.Length == 0 ? 2 : 1;
        if (parts == 2) unit = ahead.Take();
        if (!Units.TryGetValue(unit, out var seconds)) return null;
        if (digits.Length == 0 && seconds >= Recurrence.Day) return null;
        for (; parts > 0; parts--) words.Take();
        if (digits.Length == 0) return seconds;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? (long)count * seconds : long.MaxValue;
    }

    /// <summary>"monday", "Mondays" and "mon", "weekday", "weekend", "day", "mon-fri"; null where it is none of them.</summary>
    public static IReadOnlyList<DayOfWeek>? Days(string word) => word.Split('-', '–') switch
    {
        ["day" or "days"] => Recurrence.EveryDay,
        ["weekday" or "weekdays" or "workday" or "workdays"] => Recurrence.Weekdays,
        ["weekend" or "weekends"] => Recurrence.Weekend,
        [var one] => Day(one) is { } day ? [day] : null,
        [var first, var last] => Range(first, last),
        _ => null,
    };

    /// <summary>From one day to another, both inclusive, also over the week's end.</summary>
    public static IReadOnlyList<DayOfWeek>? Range(string first, string last) => Day(first) is { } from && Day(last) is { } to
        ? [.. Enumerable.Range((int)from, ((int)to - (int)from + 7) % 7 + 1).Select(d => (DayOfWeek)(d % 7))]
        : null;

    /// <summary>"1st", "15th", also without its ending; null where it is no day of a month.</summary>
    public static int? DayOfMonth(string word)
    {
        if (NumberOfDay().Match(word) is not { Success: true } match) return null;
        return int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is >= 1 and <= 31 and var day ? day : null;
    }

    public static bool IsOrdinal(string word) => DayOfMonth(word) is not null && !char.IsAsciiDigit(word[^1]);

    /// <summary>"9:00", "18.30", "9am", "9:30 pm", "noon"; null where it is no time of day, or a number that may mean something else.</summary>
    public static TimeOnly? TakeTime(WordReader words)
    {
        if (words.TakeIf("noon")) return new TimeOnly(12, 0);
        if (words.TakeIf("midnight")) return TimeOnly.MinValue;
        var ahead = new WordReader(words.Rest);
        if (HourAndMinute().Match(ahead.Take()) is not { Success: true } match) return null;
        var half = match.Groups[3].Value;
        var isApart = half.Length == 0 && ahead.Next is "am" or "pm";
        if (isApart) half = ahead.Next;
        if (half.Length == 0 && !match.Groups[2].Success) return null;
        var hour = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        var minute = match.Groups[2].Success ? int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
        if (minute > 59 || (half.Length == 0 ? hour > 23 : hour is < 1 or > 12)) return null;
        words.Take();
        if (isApart) words.Take();
        return new TimeOnly(half.Length == 0 ? hour : hour % 12 + (half == "pm" ? 12 : 0), minute);
    }

    private static DayOfWeek? Day(string word)
    {
        if (Abbreviations.TryGetValue(word, out var day)) return day;
        foreach (var each in Recurrence.EveryDay)
        {
            var name = each.ToString().ToLowerInvariant();
            if (word == name || word == name + "s") return each;
        }
        return null;
    }

    [GeneratedRegex("^([0-9]*)([a-z]*)$")]
    private static partial Regex CountAndUnit();

    [GeneratedRegex("^([0-9]{1,2})(st|nd|rd|th)?$")]
    private static partial Regex NumberOfDay();

    [GeneratedRegex("^([0-9]{1,2})(?:[:.]([0-9]{2}))?(am|pm)?$")]
    private static partial Regex HourAndMinute();
}
