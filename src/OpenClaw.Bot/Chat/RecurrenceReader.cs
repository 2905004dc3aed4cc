namespace OpenClaw.Bot.Chat;

/// <summary>When something is to be done again and again, or what can't be read of it.</summary>
/// <param name="Refusal">A sentence; behind a <paramref name="Word"/>, the rest of one.</param>
/// <param name="Word">What was written and can't be read.</param>
internal sealed record RecurrenceRead(Recurrence? When, string? Refusal, string? Word, IReadOnlyList<string> Examples);

/// <summary>Reads the words that say when: a span of time, days of the week or days of the month. What follows them is left.</summary>
internal static class RecurrenceReader
{
    private const string SpanExample = "15 minutes ping hello";
    private const string MonthExample = "month on the 1st at 9:00 ping hello";
    private const string NoTime = "At what time? Say it after the days, such as 9:00 or 6:30pm.";
    private const string NoDayOfWeek = "is no day of the week.";

    private static readonly RecurrenceRead Unreadable =
        new(null, "I can't read when that is to be done.", null, [ScheduleLine.Example, SpanExample, MonthExample]);

    public static RecurrenceRead Read(WordReader words)
    {
        if (TimeWords.TakeSpan(words) is { } seconds) return ReadSpan(seconds, words);
        if (words.TakeIf("month")) return words.TakeIf("on") ? ReadMonth(words) : Refused("On which day of the month?", MonthExample);
        return TimeWords.IsOrdinal(words.Next.TrimEnd(',')) ? ReadMonth(words) : ReadWeek(words);
    }

    private static RecurrenceRead ReadSpan(long seconds, WordReader words)
    {
        const int Longest = 366 * Recurrence.Day;
        if (seconds < Recurrence.Minute) return Refused("Once a minute is as often as it goes.", SpanExample);
        if (seconds > Longest) return Refused("Once a year is as seldom as it goes.", SpanExample);
        return words.Next == "at" || TimeWords.TakeTime(words) is not null
            ? Refused("A time of day goes with days, not with a span of time.", ScheduleLine.Example)
            : Right(new Recurrence(null, (int)seconds));
    }

    private static RecurrenceRead ReadWeek(WordReader words)
    {
        var days = new HashSet<DayOfWeek>();
        for (var more = true; more;)
        {
            var names = TakeList(words, out more);
            foreach (var name in names)
            {
                if (TimeWords.Days(name) is { } some) days.UnionWith(some);
                else return days.Count == 0 ? Unreadable : Refused(NoDayOfWeek, ScheduleLine.Example, name);
            }
            if (names.Length == 0) return Unreadable;
            if (!words.TakeIf("to", "through")) continue;
            var ends = TakeList(words, out more);
            if (ends.Length == 0) return Unreadable;
            if (ends is not [var end] || TimeWords.Range(names[^1], end) is not { } range)
            {
                return Refused(NoDayOfWeek, ScheduleLine.Example, string.Join(',', ends));
            }
            days.UnionWith(range);
        }
        return ReadTime(words) is { } time ? Right(Recurrence.OnDays(days, time)) : Refused(NoTime, ScheduleLine.Example);
    }

    private static RecurrenceRead ReadMonth(WordReader words)
    {
        var days = new HashSet<int>();
        var isLast = false;
        for (var more = true; more;)
        {
            words.TakeIf("the");
            foreach (var name in TakeList(words, out more))
            {
                if (name == "last") isLast = true;
                else if (name == "first") days.Add(1);
                else if (TimeWords.DayOfMonth(name) is { } day) days.Add(day);
                else return Refused("is no day of the month.", MonthExample, name);
            }
            if (words.TakeIf("day")) more |= words.TakeIf("and");
        }
        if (words.TakeIf("of")) words.TakeIf("the", "each", "every");
        words.TakeIf("month");
        if (TimeWords.Days(words.Next) is not null) return Refused("A month has dates; days of the week go without it.", MonthExample);
        if (!isLast && days.Count == 0) return Refused("On which day of the month?", MonthExample);
        if (isLast && days.Count > 0) return Refused("The last day of the month needs a schedule of its own.", MonthExample);
        if (ReadTime(words) is not { } time) return Refused(NoTime, MonthExample);
        return Right(isLast ? Recurrence.OnLastDayOfMonth(time) : Recurrence.OnDaysOfMonth(days, time));
    }

    /// <summary>The names of one word, such as "mon,fri".</summary>
    /// <param name="more">Whether the list goes on with the next word.</param>
    private static string[] TakeList(WordReader words, out bool more)
    {
        var taken = words.Take();
        more = words.TakeIf("and", "&", ",") || taken.EndsWith(',');
        return taken.Split([',', '&'], StringSplitOptions.RemoveEmptyEntries);
    }

    private static TimeOnly? ReadTime(WordReader words)
    {
        words.TakeIf("at");
        return TimeWords.TakeTime(words);
    }

    private static RecurrenceRead Right(Recurrence when) => new(when, null, null, []);

    private static RecurrenceRead Refused(string sentence, string example, string? word = null) => new(null, sentence, word, [example]);
}
