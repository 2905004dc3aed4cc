namespace OpenClaw.Crash.Tests.History;

/// <summary>What a create asks for beside its payload.</summary>
public sealed record JobTerms
{
    public int MaxAttempts { get; init; } = 1;

    public string? UniqueKey { get; init; }

    /// <summary>What becomes of the create where another job has the unique key.</summary>
    public string? OnConflict { get; init; }

    /// <summary>The jobs that it depends on, each as <c>id:policy</c>, separated by commas.</summary>
    public string? DependsOn { get; init; }

    /// <summary>The same, read.</summary>
    public IEnumerable<(string Job, string IfFailed)> Parents =>
        DependsOn?.Split(',').Select(static p => p.Split(':')).Select(static p => (p[0], p[1])) ?? [];
}
