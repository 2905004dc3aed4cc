namespace OpenClaw.Programs;

/// <summary>A program's log: one line per event, in <see cref="LogLine"/>'s form. No line ever holds a secret, wherever its text came from.</summary>
/// <param name="secrets">Texts that are shown as <c>***</c>.</param>
public sealed class ProgramLog(TextWriter output, TimeProvider clock, params string[] secrets)
{
    private readonly Lock gate = new();
    private readonly string[] secrets = [.. secrets.Where(s => s.Length > 0)];

    public void Info(string what, params IEnumerable<(string Name, object? Value)> facts) => Write("info", what, null, facts);

    public void Warn(string what, params IEnumerable<(string Name, object? Value)> facts) => Write("warn", what, null, facts);

    public void Error(string what, params IEnumerable<(string Name, object? Value)> facts) => Write("error", what, null, facts);

    /// <summary>An error nobody expected: its whole trace is wanted.</summary>
    public void Error(string what, Exception exception, params IEnumerable<(string Name, object? Value)> facts) => Write("error", what, exception, facts);

    /// <summary>An expected exception as far as a line of text needs it.</summary>
    public static string Describe(Exception e) => e.InnerException is { } inner && inner.Message != e.Message ? $"{e.Message} ({inner.Message})" : e.Message;

    private void Write(string level, string what, Exception? exception, IEnumerable<(string Name, object? Value)> facts)
    {
        var line = LogLine.Format(clock.GetUtcNow(), level, what, exception, facts);
        foreach (var secret in secrets) line = line.Replace(secret, "***", StringComparison.Ordinal);
        lock (gate)
        {
            try
            {
                output.WriteLine(Journal.Prefix(output, level) + line);
                output.Flush();
            }
            catch (IOException)
            {
                // Closed, or its disk is full: nobody can be told, and the work goes on.
            }
        }
    }
}
