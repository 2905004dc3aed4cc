using System.Globalization;

namespace OpenClaw.Bot;

/// <summary>One line an event, on standard error; it never holds a token, whatever the text came from.</summary>
internal sealed class Log(TextWriter output, TimeProvider clock, params string[] secrets)
{
    private readonly Lock gate = new();

    public void Info(string text) => Write("info", text);

    public void Warn(string text) => Write("warn", text);

    public void Error(string text) => Write("error", text);

    /// <summary>An exception as far as a line can hold it.</summary>
    public static string Describe(Exception e) => e.InnerException is { } inner && inner.Message != e.Message ? $"{e.Message} ({inner.Message})" : e.Message;

    private void Write(string level, string text)
    {
        foreach (var secret in secrets)
        {
            if (secret.Length > 0) text = text.Replace(secret, "***", StringComparison.Ordinal);
        }
        text = text.ReplaceLineEndings(" ");
        lock (gate)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level} {text}"));
            output.Flush();
        }
    }
}
