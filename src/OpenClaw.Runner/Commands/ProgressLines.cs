using System.Globalization;
using System.Text;

namespace OpenClaw.Runner.Commands;

/// <summary>A piece of text; its memory is used again afterwards.</summary>
internal delegate void TakeText(ReadOnlySpan<char> text);

/// <summary>Takes lines of the form <c>::progress 40 copying</c> out of a text that comes in pieces; all else passes at once, also without line ends.</summary>
internal sealed class ProgressLines(TakeText pass, Action<int, string?> report)
{
    private const string Mark = "::progress ";
    private const int LongestLine = 1000;

    /// <summary>The beginning of a line that may become one of these.</summary>
    private readonly StringBuilder held = new();

    private bool isWithinLine;

    public void Add(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var end = text.IndexOf('\n') + 1;
            var piece = end == 0 ? text : text[..end];
            if (isWithinLine || held.Length == 0 && !MayBecome(piece)) Pass(ref text);
            else
            {
                held.Append(piece);
                text = text[piece.Length..];
                if (end > 0 || held.Length > LongestLine || !MayBecome(held.ToString())) Release();
            }
        }
    }

    /// <summary>Nothing comes any more.</summary>
    public void End()
    {
        if (held.Length > 0) Release();
    }

    /// <summary>Passes on up to the beginning of the next line that may become one of these.</summary>
    private void Pass(ref ReadOnlySpan<char> text)
    {
        var next = text.IndexOf("\n:") + 1;
        var piece = next == 0 ? text : text[..next];
        isWithinLine = piece[^1] != '\n';
        pass(piece);
        text = text[piece.Length..];
    }

    private void Release()
    {
        var line = held.ToString();
        held.Clear();
        isWithinLine = line[^1] != '\n';
        if (!TryReport(line.AsSpan().TrimEnd("\r\n"))) pass(line);
    }

    private bool TryReport(ReadOnlySpan<char> line)
    {
        if (line.Length > LongestLine || !line.StartsWith(Mark, StringComparison.Ordinal)) return false;
        var rest = line[Mark.Length..].Trim();
        var space = rest.IndexOf(' ');
        var number = space < 0 ? rest : rest[..space];
        if (!int.TryParse(number.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent > 100) return false;
        report(percent, space < 0 ? null : rest[space..].Trim().ToString());
        return true;
    }

    private static bool MayBecome(ReadOnlySpan<char> line) =>
        line.StartsWith(Mark, StringComparison.Ordinal) || Mark.AsSpan().StartsWith(line, StringComparison.Ordinal);
}
