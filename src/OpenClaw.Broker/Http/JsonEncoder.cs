using System.Buffers;
using System.Text.Encodings.Web;

namespace OpenClaw.Broker.Http;

/// <summary>Escapes what JSON demands and nothing else: quotes, backslashes and control characters. All other text stays UTF-8.</summary>
internal sealed unsafe class JsonEncoder : JavaScriptEncoder
{
    public static readonly JsonEncoder Instance = new();

    private const int LongestEscape = 6; // \u001f
    private static readonly SearchValues<byte> Bytes = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);
    private static readonly SearchValues<char> Chars = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (char)i), '"', '\\']);

    public override int MaxOutputCharactersPerInputCharacter => LongestEscape;

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => utf8Text.IndexOfAny(Bytes);

    public override int FindFirstCharacterToEncode(char* text, int textLength) =>
        new ReadOnlySpan<char>(text, textLength).IndexOfAny(Chars);

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var escape = unicodeScalar switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => $"\\u{unicodeScalar:x4}",
        };
        numberOfCharactersWritten = escape.Length;
        return escape.AsSpan().TryCopyTo(new Span<char>(buffer, bufferLength));
    }

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 32 or '"' or '\\';
}
