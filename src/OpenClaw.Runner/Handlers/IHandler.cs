using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary>Does the jobs of one command.</summary>
internal interface IHandler
{
    /// <summary>Does one job. What it throws becomes the job's failure, with the exception's message as its error.</summary>
    /// <param name="stop">Cancelled when the job is cancelled, takes too long, belongs to another worker, or the runner ends.</param>
    Task<Outcome> RunAsync(JobView job, CancellationToken stop);
}

/// <summary>How a handler's run ended.</summary>
internal abstract record Outcome;

/// <summary>The job is done.</summary>
internal sealed record Succeeded(string Result) : Outcome;

/// <summary>The job failed, for good.</summary>
internal sealed record Failed(string Error) : Outcome;

/// <summary>The job can't be done here now: it goes back to its old place, and this runner rests before it claims again.</summary>
internal sealed record Snoozed(TimeSpan Rest) : Outcome;

/// <summary>What a handler may use of its runner.</summary>
/// <param name="StateFolder">The runner's own folder; a handler that keeps files uses a subfolder of its own.</param>
internal sealed record RunnerContext(string WorkerId, string StateFolder, TimeProvider Clock);
