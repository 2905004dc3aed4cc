using System.Text;

namespace OpenClaw.Broker.Http;

/// <summary>How a Content-Length is read: the server would take a sign before its digits, which not everybody on the way reads as a length.</summary>
internal sealed class DigitsAlone : ASCIIEncoding
{
    public static readonly DigitsAlone Instance = new();

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var written = base.GetChars(bytes, chars);
        if (written > 0 && !char.IsAsciiDigit(chars[0])) chars[0] = '?';
        return written;
    }
}
