using System.Globalization;

namespace OpenClaw.Programs;

/// <summary>systemd's journal, where it reads a program's output: it takes a line's level from the line's beginning, as sd-daemon(3) has it.</summary>
public static class Journal
{
    private static readonly string? Stream = Environment.GetEnvironmentVariable("JOURNAL_STREAM");
    private static readonly bool ReadsOutput = Reads(Stream, Target(1));
    private static readonly bool ReadsErrors = Reads(Stream, Target(2));

    /// <summary>What a line of this level begins with; nothing where somebody else reads what is written there.</summary>
    /// <param name="output">The program's own output, its errors, or any other writer.</param>
    public static string Prefix(TextWriter output, string level) =>
        ReadsOutput && ReferenceEquals(output, Console.Out) || ReadsErrors && ReferenceEquals(output, Console.Error) ? Prefix(level) : "";

    public static string Prefix(string level) => level switch
    {
        "fatal" or "error" => "<3>",
        "warn" => "<4>",
        "info" => "<6>",
        _ => "<7>",
    };

    /// <summary>Whether a descriptor is the journal's stream. The variable alone does not say so: children inherit it, and output can be redirected.</summary>
    /// <param name="stream"><c>device:inode</c>, as systemd has put it into the variable.</param>
    /// <param name="target">What the descriptor leads to, as in /proc/self/fd.</param>
    public static bool Reads(string? stream, string? target) =>
        stream?.Split(':') is [_, var inode] && ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out _) && target == $"socket:[{inode}]";

    private static string? Target(int descriptor) =>
        Stream is null ? null : new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}")).LinkTarget;
}
