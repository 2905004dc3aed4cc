using System.Text;
using System.Text.RegularExpressions;

namespace OpenClaw.Runner.Commands;

/// <summary>
/// A schema's <c>pattern</c>: found in time that grows with the text alone, and with the meaning that JSON schema gives it, where
/// .NET's own differs: <c>$</c> is the end and not also before a last line end, <c>\d</c> and <c>\w</c> are ASCII.
/// </summary>
internal sealed class SchemaPattern
{
    private const string LineEnds = @"\n\r\u2028\u2029";
    private readonly Regex regex;

    private SchemaPattern(string text, Regex regex) => (Text, this.regex) = (text, regex);

    public string Text { get; }

    /// <summary>The pattern, or why it is none that this runner knows.</summary>
    public static (SchemaPattern? Pattern, string? Problem) Read(string text)
    {
        try
        {
            return (new SchemaPattern(text, new Regex(Translate(text), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)), null);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return (null, e.Message);
        }
    }

    public bool IsIn(string text) => regex.IsMatch(text);

    private static string Translate(string text)
    {
        var to = new StringBuilder(text.Length + 8);
        var isInClass = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\':
                    i++;
                    AppendEscape(to, i < text.Length ? text[i] : throw new ArgumentException(@"it ends with a \"), isInClass);
                    break;
                case '[' when isInClass:
                    to.Append(@"\["); // to .NET it could begin a class to take away
                    break;
                case '[' when i + 1 < text.Length && text[i + 1] == ']' || text[i..].StartsWith("[^]", StringComparison.Ordinal):
                    throw new ArgumentException("a class in brackets is empty");
                case '[':
                    isInClass = true;
                    to.Append('[');
                    break;
                case ']' when isInClass:
                    isInClass = false;
                    to.Append(']');
                    break;
                case '$' when !isInClass:
                    to.Append(@"\z");
                    break;
                case '.' when !isInClass:
                    to.Append("[^").Append(LineEnds).Append(']');
                    break;
                case '(' when !isInClass && i + 1 < text.Length && text[i + 1] == '?' && (i + 2 >= text.Length || text[i + 2] != ':'):
                    throw new ArgumentException("of the groups with (? only (?: is known");
                default:
                    to.Append(text[i]);
                    break;
            }
        }
        return to.ToString();
    }

    private static void AppendEscape(StringBuilder to, char c, bool isInClass)
    {
        if (c is 'd' or 'w') to.Append(isInClass ? "" : "[").Append(c == 'd' ? "0-9" : "A-Za-z0-9_").Append(isInClass ? "" : "]");
        else if (c is 'D' or 'W' && !isInClass) to.Append(c == 'D' ? "[^0-9]" : "[^A-Za-z0-9_]");
        else if (c is 's' or 'S' or 'p' or 'P' or 'n' or 'r' or 't' or 'f' or 'v' or 'u' or 'x' || !char.IsAsciiLetterOrDigit(c)) to.Append('\\').Append(c);
        else throw new ArgumentException($@"\{c} is not known{(isInClass ? " in brackets" : "")}");
    }
}
