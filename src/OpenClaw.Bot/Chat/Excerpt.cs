namespace OpenClaw.Bot.Chat;

/// <summary>The beginning of a text that doesn't fit into a message, whole lines as far as possible.</summary>
internal sealed record Excerpt(string Text, int Lines, int AllLines)
{
    public static Excerpt Of(string text, int most)
    {
        var all = text.AsSpan().Count('\n') + 1;
        var end = text.LastIndexOf('\n', Math.Min(most, text.Length - 1));
        if (end <= 0)
        {
            end = Math.Min(most, text.Length);
            if (end < text.Length && char.IsHighSurrogate(text[end - 1])) end--;
        }
        var shown = text[..end];
        return new Excerpt(shown, shown.AsSpan().Count('\n') + 1, all);
    }
}
