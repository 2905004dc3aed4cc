using System.Globalization;

namespace OpenClaw.Bot.Chat;

/// <summary>The beginning of a text that doesn't fit into a message: whole lines where they fit, else a part of its first line.</summary>
/// <param name="HowMuch">How much of the text it is, in words.</param>
internal sealed record Excerpt(string Text, string HowMuch)
{
    public static Excerpt Of(string text, int most)
    {
        var end = text.LastIndexOf('\n', Math.Min(most, text.Length - 1));
        return end > 0 ? Lines(text, end) : Characters(text, most);
    }

    /// <summary>The last lines of a text, as many as fit; of a line that is longer, its end.</summary>
    public static (string Text, bool IsAll) End(string text, int most, int mostLines)
    {
        var whole = text.TrimEnd('\n', '\r');
        var start = Math.Max(0, whole.Length - most);
        var lines = 0;
        for (var at = whole.Length - 1; at >= start; at--)
        {
            if (whole[at] == '\n' && ++lines == mostLines) start = at + 1;
        }
        if (start == 0) return (whole, true);
        var line = whole[start - 1] == '\n' ? start : whole.IndexOf('\n', start) + 1;
        if (line > 0) return (whole[line..], false);
        if (char.IsLowSurrogate(whole[start])) start++;
        return (whole[start..], false);
    }

    private static Excerpt Lines(string text, int end) =>
        new(text[..end], string.Create(CultureInfo.InvariantCulture, $"first {LinesIn(text.AsSpan(0, end)):N0} of {LinesIn(text):N0} lines"));

    private static Excerpt Characters(string text, int most)
    {
        var end = Math.Min(most, text.Length);
        if (end < text.Length && char.IsHighSurrogate(text[end - 1])) end--;
        return new(text[..end], string.Create(CultureInfo.InvariantCulture, $"first {end:N0} of {text.Length:N0} characters"));
    }

    private static int LinesIn(ReadOnlySpan<char> text) => text.Count('\n') + 1;
}
