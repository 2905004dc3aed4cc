using System.Globalization;
using System.Text;

namespace OpenClaw.Programs;

/// <summary>How a line of every program's log looks: time, level, what happened, then <c>name=value</c> facts.</summary>
public static class LogLine
{
    private const int LongestValue = 500;

    /// <summary>One line; facts without a value are left out.</summary>
    public static string Format(DateTimeOffset time, string level, string what, params IEnumerable<(string Name, object? Value)> facts) =>
        Format(time, level, what, null, facts);

    /// <summary>One line that ends with an exception: all of it, causes and traces included, where facts are cut at 500 characters.</summary>
    public static string Format(DateTimeOffset time, string level, string what, Exception? exception, params IEnumerable<(string Name, object? Value)> facts)
    {
        var line = new StringBuilder();
        line.Append(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)).Append(' ').Append(level).Append(' ');
        AppendEscaped(line, what);
        foreach (var (name, value) in facts)
        {
            if (value is null) continue;
            var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            AppendFact(line, name, text.Length > LongestValue ? text[..LongestValue] + "…" : text);
        }
        if (exception is not null) AppendFact(line, "exception", Trace(exception));
        return line.ToString();
    }

    /// <summary>Others choose some values: a value with spaces is quoted, and none can end the line or forge a fact.</summary>
    private static void AppendFact(StringBuilder line, string name, string value)
    {
        line.Append(' ').Append(name).Append('=');
        var start = line.Length;
        AppendEscaped(line, value);
        var plain = value.Length > 0 && line.Length - start == value.Length && !value.Any(static c => char.IsWhiteSpace(c) || c == '=');
        if (!plain) line.Insert(start, '"').Append('"');
    }

    /// <summary>The exception as .NET prints it, its lines joined.</summary>
    private static string Trace(Exception exception) =>
        string.Join(" | ", exception.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static void AppendEscaped(StringBuilder line, string text) =>
        VisibleText.Append(line, text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal));
}
