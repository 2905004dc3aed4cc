using System.Globalization;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>A job after the drain.</summary>
public sealed record FinalRow(string Id, string State, string? Payload, string? Result, string? Error, int Attempt, int LostLeases)
{
    /// <summary>The error of a job that no worker ended.</summary>
    public const string TooManyLostLeases = "lease lost 5 times";

    public int Round { get; init; } = 1;

    public int Failures { get; init; }

    /// <summary>How its attempts ended that gave no result: a line for each, as <see cref="AttemptError"/> writes it.</summary>
    public string Errors { get; init; } = "";

    public IEnumerable<AttemptError> ReadErrors() => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(AttemptError.Parse);
}

/// <summary>How an attempt ended that gave no result.</summary>
public sealed record AttemptError(int Round, int Attempt, string Kind, string Text)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Round} {Attempt} {Kind} {Text}");

    public static AttemptError Parse(string line)
    {
        var words = line.Split(' ', 4);
        return new AttemptError(int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture), words[2], words[3]);
    }
}

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
