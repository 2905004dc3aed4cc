using System.Globalization;

namespace OpenClaw.Crash.Tests.History;

/// <summary>What a client, or the one who kills, does.</summary>
public enum Operation
{
    Create,
    Claim,
    Result,
    Fail,

    /// <summary>A failure that no other attempt would mend.</summary>
    FailForGood,

    Release,
    Read,
    Cancel,
    Retry,
    Hold,
    Unhold,

    /// <summary>kill -9 of the broker.</summary>
    Kill,

    /// <summary>The broker answers again.</summary>
    Start,
}

/// <summary>Where a call stands.</summary>
public enum Phase
{
    /// <summary>The request is about to be sent.</summary>
    Invoke,

    /// <summary>The answer was a 200.</summary>
    Ok,

    /// <summary>The answer says that nothing happened.</summary>
    Refused,

    /// <summary>No answer: it happened or it did not.</summary>
    Unknown,
}

/// <summary>One line of a history: <c>at process call phase operation name=value …</c>.</summary>
/// <param name="At">Milliseconds on one monotonic clock for all processes.</param>
/// <param name="Call">Joins an invocation and its end.</param>
public sealed record Event(double At, string Process, long Call, Phase Phase, Operation Operation)
{
    public string? Job { get; init; }

    /// <summary>The attempt that a claim's answer gave, or that a worker speaks for.</summary>
    public int Attempt { get; init; }

    /// <summary>The round of that attempt, and the one that a retry, a hold or its end was answered with.</summary>
    public int Round { get; init; } = 1;

    /// <summary>What a create asks for.</summary>
    public JobTerms Terms { get; init; } = new();

    /// <summary>Of a create its idempotency key, of a claim its claim id, of what a worker says its lease token.</summary>
    public string? Key { get; init; }

    /// <summary>What was sent: payload, result, error, reason. At the end: what was answered, such as the job's status.</summary>
    public string? Value { get; init; }

    public override string ToString()
    {
        var line = FormattableString.Invariant($"{At:f3} {Process} {Call} {Phase} {Operation}").ToLowerInvariant();
        if (Job is not null) line += $" job={Job}";
        if (Attempt > 0) line += $" attempt={Attempt}";
        if (Round > 1) line += $" round={Round}";
        if (Terms.MaxAttempts > 1) line += $" max={Terms.MaxAttempts}";
        if (Terms.UniqueKey is not null) line += $" unique={Terms.UniqueKey}";
        if (Terms.OnConflict is not null) line += $" conflict={Terms.OnConflict}";
        if (Terms.DependsOn is not null) line += $" parents={Terms.DependsOn}";
        if (Key is not null) line += $" key={Uri.EscapeDataString(Key)}";
        if (Value is not null) line += $" value={Uri.EscapeDataString(Value)}";
        return line;
    }

    /// <summary>Reads a line as <see cref="ToString"/> writes it.</summary>
    public static Event Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var named = words.Skip(5).Select(w => w.Split('=', 2)).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]));
        return new Event(
            double.Parse(words[0], CultureInfo.InvariantCulture), words[1], long.Parse(words[2], CultureInfo.InvariantCulture),
            Enum.Parse<Phase>(words[3], ignoreCase: true), Enum.Parse<Operation>(words[4], ignoreCase: true))
        {
            Job = named.GetValueOrDefault("job"),
            Attempt = Number("attempt", 0),
            Round = Number("round", 1),
            Terms = new JobTerms
            {
                MaxAttempts = Number("max", 1),
                UniqueKey = named.GetValueOrDefault("unique"),
                OnConflict = named.GetValueOrDefault("conflict"),
                DependsOn = named.GetValueOrDefault("parents"),
            },
            Key = named.GetValueOrDefault("key"),
            Value = named.GetValueOrDefault("value"),
        };

        int Number(string name, int otherwise) => named.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
    }
}
