using System.Globalization;
using System.Text;

namespace OpenClaw.Contracts;

/// <summary>How a line of every program's log looks: time, level, what happened, then <c>name=value</c> facts.</summary>
public static class LogLine
{
    private const int LongestValue = 500;

    /// <summary>One line; facts without a value are left out.</summary>
    public static string Format(DateTimeOffset time, string level, string what, params IEnumerable<(string Name, object? Value)> facts)
    {
        var line = new StringBuilder();
        line.Append(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)).Append(' ').Append(level).Append(' ');
        AppendEscaped(line, what);
        foreach (var (name, value) in facts)
        {
            if (value is null) continue;
            line.Append(' ').Append(name).Append('=');
            AppendValue(line, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }
        return line.ToString();
    }

    /// <summary>Others choose some values: a value with blanks is quoted, and none can end the line or forge a fact.</summary>
    private static void AppendValue(StringBuilder line, string value)
    {
        if (value.Length > LongestValue) value = value[..LongestValue] + "…";
        var plain = value.Length > 0 && value.All(static c => !char.IsControl(c) && !char.IsWhiteSpace(c) && c is not ('"' or '='));
        if (plain)
        {
            line.Append(value);
            return;
        }
        line.Append('"');
        AppendEscaped(line, value);
        line.Append('"');
    }

    private static void AppendEscaped(StringBuilder line, string text)
    {
        foreach (var c in text)
        {
            if (c is '"' or '\\') line.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' || char.GetUnicodeCategory(c) == UnicodeCategory.Format) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }
    }
}
