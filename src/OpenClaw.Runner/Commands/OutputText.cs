using System.Globalization;
using System.Text;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Commands;

/// <summary>
/// What a command writes, as text while it comes: the result is standard output, as far as it may be long, and progress lines are taken out
/// of it; of standard error the end is kept. Memory is bounded whatever comes.
/// </summary>
internal sealed class OutputText
{
    private const int ErrorCharacters = 4000, ErrorLines = 20;

    private readonly JobContext job;
    private readonly int limit;
    private readonly Decoder outputDecoder = Encoding.UTF8.GetDecoder();
    private readonly Decoder errorDecoder = Encoding.UTF8.GetDecoder();
    private readonly ProgressLines progress;
    private readonly StringBuilder result = new();
    private readonly StringBuilder errors = new();
    private long resultBytes;
    private long leftOut;
    private char[] characters = [];

    /// <param name="limit">Of the result, in bytes of UTF-8.</param>
    public OutputText(JobContext job, int limit)
    {
        (this.job, this.limit) = (job, limit);
        progress = new ProgressLines(Keep, job.Report);
    }

    /// <summary>Standard output; where some of it was left out, the last line says how much.</summary>
    public string Result => leftOut == 0 ? result.ToString() : string.Create(CultureInfo.InvariantCulture,
        $"{result}{(result is [.., not '\n'] ? "\n" : "")}[{leftOut} more bytes of output were left out: the limit is {limit}]\n");

    /// <summary>The last lines of standard error.</summary>
    public string LastErrors
    {
        get
        {
            var text = errors.ToString().Trim();
            var lines = text[Math.Max(0, text.Length - ErrorCharacters)..].Split('\n');
            return string.Join('\n', lines.TakeLast(ErrorLines)).Trim();
        }
    }

    public void Add(OutputStream stream, ReadOnlySpan<byte> bytes) => Decode(stream, bytes, isLast: false);

    /// <summary>Nothing comes any more.</summary>
    public void End()
    {
        Decode(OutputStream.Output, [], isLast: true);
        Decode(OutputStream.Error, [], isLast: true);
        progress.End();
    }

    private void Decode(OutputStream stream, ReadOnlySpan<byte> bytes, bool isLast)
    {
        var decoder = stream == OutputStream.Output ? outputDecoder : errorDecoder;
        var most = Encoding.UTF8.GetMaxCharCount(bytes.Length);
        if (characters.Length < most) characters = new char[most];
        var text = characters.AsSpan(0, decoder.GetChars(bytes, characters, isLast));
        if (text.IsEmpty) return;
        if (stream == OutputStream.Output)
        {
            progress.Add(text);
            return;
        }
        errors.Append(text);
        if (errors.Length > 2 * ErrorCharacters) errors.Remove(0, errors.Length - ErrorCharacters);
        Show(stream, text);
    }

    private void Keep(ReadOnlySpan<char> text)
    {
        if (leftOut == 0)
        {
            var fits = Fits(text, limit - resultBytes, out var bytes);
            result.Append(text[..fits]);
            resultBytes += bytes;
            leftOut += Encoding.UTF8.GetByteCount(text[fits..]);
        }
        else
        {
            leftOut += Encoding.UTF8.GetByteCount(text);
        }
        Show(OutputStream.Output, text);
    }

    private void Show(OutputStream stream, ReadOnlySpan<char> text)
    {
        if (job.Output is not NoOutput) job.Output.Write(stream, text.ToString());
    }

    /// <summary>How many characters of a text have room in so many bytes; none is cut in two.</summary>
    private static int Fits(ReadOnlySpan<char> text, long room, out int bytes)
    {
        bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes <= room) return text.Length;
        (bytes, var fits) = (0, 0);
        while (fits < text.Length)
        {
            _ = Rune.DecodeFromUtf16(text[fits..], out var rune, out var length);
            if (bytes + rune.Utf8SequenceLength > room) break;
            bytes += rune.Utf8SequenceLength;
            fits += length;
        }
        return fits;
    }
}
