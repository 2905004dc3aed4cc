using System.Globalization;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>
/// A moment as people write it: <c>2026-08-01</c>, <c>2026-08-01 03:30</c>, in UTC where no offset is named; a bare number is seconds
/// since 1970.
/// </summary>
internal static class Moment
{
    private static readonly string[] Formats =
        ["yyyy-MM-ddK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK"];

    /// <param name="name">Of the option, for the message.</param>
    /// <returns>Seconds since 1970.</returns>
    /// <exception cref="CommandException">It is none.</exception>
    public static long Parse(string name, string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return seconds;
        return DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.ToUnixTimeSeconds()
            : throw new CommandException($"{name} '{text}': it takes a time, such as 2026-08-01, \"2026-08-01 03:30\" (UTC) or 2026-08-01T03:30+02:00.",
                ExitCodes.Usage);
    }
}
