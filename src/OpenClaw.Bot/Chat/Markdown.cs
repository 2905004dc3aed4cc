using System.Text;

namespace OpenClaw.Bot.Chat;

/// <summary>Foreign text in a message, so that it stays text: no formatting, no link, no way out of its block.</summary>
internal static class Markdown
{
    private const char ZeroWidthSpace = '\u200b';

    /// <summary>A code block that its content cannot close.</summary>
    public static string Block(string text) => $"```\n{Unclosable(text)}\n```";

    /// <summary>As it is where it is plain words; else as code in the line.</summary>
    public static string Inline(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return IsPlain(line) ? line : Code(line);
    }

    /// <summary>Code in the line.</summary>
    public static string Code(string text)
    {
        var line = string.Concat(text.ReplaceLineEndings(" ").Where(c => !char.IsControl(c))).Replace('`', '\'').Trim();
        return line.Length == 0 ? "`?`" : $"`{line}`";
    }

    private static bool IsPlain(string line) =>
        line.Length > 0 && char.IsAsciiLetterOrDigit(line[0]) && !line.StartsWith("- ", StringComparison.Ordinal)
        && line.All(c => char.IsLetterOrDigit(c) || " .,;:!?'()+=%-_".Contains(c, StringComparison.Ordinal))
        && !line.Split(' ').Any(word => word.StartsWith('_') || word.EndsWith('_') || word.Contains("__", StringComparison.Ordinal) || (word.Contains('.', StringComparison.Ordinal) && !word.EndsWith('.')))
        && !(char.IsAsciiDigit(line[0]) && line.Contains(". ", StringComparison.Ordinal));

    private static string Unclosable(string text)
    {
        var safe = new StringBuilder(text.Length);
        var last = '\0';
        foreach (var c in text)
        {
            if (c == '`' && last == '`') safe.Append(ZeroWidthSpace);
            // A NUL is refused by Discord; its picture is not.
            safe.Append(c == '\0' ? '\u2400' : c);
            last = c;
        }
        return safe.ToString();
    }
}
