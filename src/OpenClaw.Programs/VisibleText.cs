using System.Globalization;
using System.Text;

namespace OpenClaw.Programs;

/// <summary>
/// Makes every character that steers a terminal, turns the direction of writing, ends a line or can't be seen visible, as
/// <c>\u202e</c>: nothing in a text that others wrote may hide or forge what a person reads.
/// </summary>
public static class VisibleText
{
    /// <summary>The text, with hidden characters escaped.</summary>
    /// <param name="lines">Whether line ends and tabs stay.</param>
    public static string Of(string text, bool lines = false) =>
        Append(new StringBuilder(text.Length), lines ? text.Replace("\r\n", "\n", StringComparison.Ordinal) : text, lines).ToString();

    internal static StringBuilder Append(StringBuilder to, ReadOnlySpan<char> text, bool lines = false)
    {
        while (!text.IsEmpty)
        {
            var isCharacter = Rune.DecodeFromUtf16(text, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (isCharacter && (!IsHidden(rune) || (lines && rune.Value is '\n' or '\t'))) to.Append(text[..length]);
            else foreach (var half in text[..length]) to.Append(CultureInfo.InvariantCulture, $"\\u{(int)half:x4}");
            text = text[length..];
        }
        return to;
    }

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        // Letters and marks without a shape: joiners and fillers.
        _ => rune.Value is 0x034f or 0x115f or 0x1160 or 0x17b4 or 0x17b5 or 0x3164 or 0xffa0,
    };
}
