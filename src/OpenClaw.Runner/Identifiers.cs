namespace OpenClaw.Runner;

/// <summary>What a broker makes up and the runner puts into paths, file names and headers: nothing else is let in.</summary>
internal static class Identifiers
{
    /// <summary>Whether a text is a job's id: a UUID in lower case with hyphens.</summary>
    public static bool IsJobId(string? id) => Guid.TryParseExact(id, "D", out var guid) && guid.ToString("D") == id;

    /// <summary>Whether a lease token is absent, or one that a header can carry.</summary>
    public static bool IsLeaseToken(string? token) => token is null || (token.Length > 0 && token.All(IsVisibleAscii));

    public static bool IsVisibleAscii(char c) => c is > ' ' and < '\u007f';
}
