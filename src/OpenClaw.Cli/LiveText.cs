using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OpenClaw.Cli;

/// <summary>Lines that are shown anew: in their own place on a terminal, else one text after the other with a blank line between.</summary>
internal sealed class LiveText : IDisposable
{
    // A line that is too long is cut by the terminal, so that it stays one row.
    private const string NoWrap = "\u001b[?7l";
    private const string Wrap = "\u001b[?7h";
    private const string CutLine = "\u001b[K";
    private const string CutRest = "\u001b[J";

    private readonly Stream output = Open();
    private int? rows;

    public static bool IsInPlace => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    /// <exception cref="IOException">Nobody reads any more.</exception>
    public void Show(IReadOnlyList<string> lines)
    {
        if (IsInPlace) Write(InPlace(lines));
        else Write((rows is null ? "" : "\n") + string.Concat(lines.Select(static l => l + "\n")));
        rows ??= 0;
    }

    /// <summary>A line that stands for itself, such as JSON.</summary>
    /// <exception cref="IOException">Nobody reads any more.</exception>
    public void Add(string line) => Write(line + "\n");

    public void Dispose() => output.Dispose();

    private string InPlace(IReadOnlyList<string> lines)
    {
        var room = Math.Max(2, Console.WindowHeight - 1);
        IReadOnlyList<string> shown = lines.Count <= room ? lines : [.. lines.Take(room - 1), $"… {lines.Count - room + 1} more"];
        var text = new StringBuilder(NoWrap);
        if (rows > 0) text.Append($"\r\u001b[{rows}A");
        foreach (var line in shown) text.Append(line).Append(CutLine).Append("\r\n");
        rows = shown.Count;
        return text.Append(CutRest).Append(Wrap).ToString();
    }

    private void Write(string text)
    {
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Flush();
    }

    /// <summary>The console's own stream says nothing of a reader that is gone.</summary>
    private static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput()
        : new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
}
