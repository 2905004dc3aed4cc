using System.CommandLine;
using System.Globalization;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>A length of time as people write it: <c>90s</c>, <c>10m</c>, <c>2h</c>, <c>1d</c>; a bare number is seconds.</summary>
internal static class Duration
{
    /// <param name="name">Of the argument or option, for the message.</param>
    /// <exception cref="CommandException">It is none.</exception>
    public static TimeSpan Parse(string name, string text)
    {
        var unit = text.Length == 0 ? ' ' : text[^1];
        var seconds = unit switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        var number = seconds == 0 ? text : text[..^1];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 1e8
            ? TimeSpan.FromSeconds(value * Math.Max(1, seconds))
            : throw new CommandException($"{name} '{text}': it takes a length of time, such as 90s, 10m, 2h or 1d.", ExitCodes.Usage);
    }

    /// <summary>What an option says, in seconds; null where it was not given.</summary>
    /// <exception cref="CommandException">It is no length of time.</exception>
    public static double? Seconds(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text ? Parse(option.Name, text).TotalSeconds : null;

    /// <summary>The same in the largest unit that is exact.</summary>
    public static string Text(double seconds)
    {
        var (unit, length) = seconds switch
        {
            > 0 when seconds % 86400 == 0 => ('d', 86400),
            > 0 when seconds % 3600 == 0 => ('h', 3600),
            > 0 when seconds % 60 == 0 => ('m', 60),
            _ => ('s', 1),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / length}{unit}");
    }
}
