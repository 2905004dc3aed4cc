namespace OpenClaw.Crash.Tests.Checking;

/// <summary>A job after the drain.</summary>
public sealed record FinalRow(string Id, string State, string? Payload, string? Result, string? Error, int Attempt, int LostLeases);

/// <summary>Everything that is left after the drain.</summary>
public sealed record FinalState
{
    /// <summary>The jobs as the API shows them.</summary>
    public required IReadOnlyList<FinalRow> Api { get; init; }

    /// <summary>The jobs as they are in the file.</summary>
    public required IReadOnlyList<FinalRow> File { get; init; }

    /// <summary>What the database's own checks complain about.</summary>
    public IReadOnlyList<string> Damage { get; init; } = [];

    public required double LeaseMilliseconds { get; init; }
}

/// <summary>A broken promise.</summary>
/// <param name="Rule">Which of <see cref="Checker"/>'s rules.</param>
public sealed record Violation(int Rule, string What)
{
    public override string ToString() => $"rule {Rule}: {What}";
}
