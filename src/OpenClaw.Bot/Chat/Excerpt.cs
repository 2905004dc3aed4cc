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
