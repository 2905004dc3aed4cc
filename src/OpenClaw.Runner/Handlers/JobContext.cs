using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary>A job in a handler's hands.</summary>
internal sealed class JobContext
{
    /// <summary>The same at each attempt.</summary>
    public required string Id { get; init; }

    /// <summary>1 for the first claim of the job; 0 from the Python broker, which doesn't count them.</summary>
    public required int Attempt { get; init; }

    public required string Command { get; init; }

    /// <summary>Empty where the job has none.</summary>
    public required string Payload { get; init; }

    /// <summary>Cancelled when the job is cancelled, takes too long, belongs to another worker, or the runner ends.</summary>
    public required CancellationToken Stop { get; init; }

    /// <summary>The broker's words, of which a person may have said yes to some; null where there are none.</summary>
    public JobView? Claim { get; init; }

    /// <summary>Where what the job writes goes while it runs.</summary>
    public IJobOutput Output { get; init; } = NoOutput.Instance;

    /// <summary>Says how far the job is.</summary>
    /// <param name="percent">0 to 100.</param>
    public void Report(int percent, string? message = null) => Output.Report(Math.Clamp(percent, 0, 100), message);
}
