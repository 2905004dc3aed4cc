using System.Text;

namespace OpenClaw.Bot.Chat;

/// <summary>Reads a line word by word, in which quotes hold words together; letters stay as they were written.</summary>
internal sealed class QuotedWords(string line)
{
    /// <summary>Also those that phones make of a straight quote.</summary>
    private const string Double = "\"“”„";

    private int at;

    /// <summary>What was not taken yet.</summary>
    public string Rest => line[at..].Trim();

    public bool IsAtEnd => Rest.Length == 0;

    /// <summary>The next word, without its quotes; empty at the end.</summary>
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public string Take()
    {
        while (at < line.Length && char.IsWhiteSpace(line[at])) at++;
        if (at < line.Length && ClosersOf(line[at]) is { } closers) return TakeQuoted(closers);
        var start = at;
        while (at < line.Length && !char.IsWhiteSpace(line[at])) at++;
        return line[start..at];
    }

    /// <summary>A line of which these words can be taken again; empty ones at its end are left out. The last stands as it is where it can.</summary>
    public static string Join(IReadOnlyList<string> words)
    {
        var count = words.Count;
        while (count > 0 && words[count - 1].Length == 0) count--;
        return string.Join(' ', words.Take(count).Select(w => w.Length > 0 && !w.Any(char.IsWhiteSpace) && ClosersOf(w[0]) is null ? w : Quote(w)));
    }

    private static string Quote(string word) => $"\"{word.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private string TakeQuoted(string closers)
    {
        var word = new StringBuilder();
        for (at++; at < line.Length; at++)
        {
            if (closers.Contains(line[at]))
            {
                at++;
                return word.ToString();
            }
            if (line[at] == '\\' && at + 1 < line.Length && closers.Contains(line[at + 1])) at++;
            word.Append(line[at]);
        }
        throw new FormatException("a quote is not closed");
    }

    private static string? ClosersOf(char opener) => Double.Contains(opener) ? Double : opener == '\'' ? "'" : null;
}
