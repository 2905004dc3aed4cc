using System.Globalization;
using System.Text;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Discord's dialect of Markdown.</summary>
internal sealed class DiscordText : IChatText
{
    private const char ZeroWidthSpace = '\u200b';

    public int LongestMessage => 2000;

    public string Bold(string words) => $"**{words}**";

    public string Code(string text)
    {
        var line = VisibleText.Of(OneLine(text)).Replace('`', '\'');
        return line.Length == 0 ? "`?`" : $"`{line}`";
    }

    public string Block(string text) => $"```\n{Unclosable(VisibleText.Of(text.ReplaceLineEndings("\n"), lines: true))}\n```";

    public string Inline(string text)
    {
        var line = OneLine(text);
        return IsPlain(line) ? line : Code(line);
    }

    public string Ago(DateTimeOffset moment) => string.Create(CultureInfo.InvariantCulture, $"<t:{moment.ToUnixTimeSeconds()}:R>");

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    /// <summary>Whether Discord shows it as it is written.</summary>
    private static bool IsPlain(string line) =>
        BeginsAsWords(line) && line.All(IsPlainCharacter) && !IsNumberedItem(line)
        && !line.Split(' ').Any(word => IsUnderlined(word) || IsLikeALink(word))
        && VisibleText.Of(line) == line;

    /// <summary>Headings, quotations and lists begin with a mark.</summary>
    private static bool BeginsAsWords(string line) => line.Length > 0 && char.IsAsciiLetterOrDigit(line[0]);

    private static bool IsPlainCharacter(char c) => char.IsLetterOrDigit(c) || " .,;:!?'()+=%-_".Contains(c, StringComparison.Ordinal);

    private static bool IsNumberedItem(string line) => char.IsAsciiDigit(line[0]) && line.Contains(". ", StringComparison.Ordinal);

    private static bool IsUnderlined(string word) => word.StartsWith('_') || word.EndsWith('_') || word.Contains("__", StringComparison.Ordinal);

    /// <summary>Discord makes a link of some names with a dot inside.</summary>
    private static bool IsLikeALink(string word) => word.Contains('.', StringComparison.Ordinal) && !word.EndsWith('.');

    private static string Unclosable(string text)
    {
        var safe = new StringBuilder(text.Length);
        var last = '\0';
        foreach (var c in text)
        {
            if (c == '`' && last == '`') safe.Append(ZeroWidthSpace);
            safe.Append(c);
            last = c;
        }
        return safe.ToString();
    }
}
