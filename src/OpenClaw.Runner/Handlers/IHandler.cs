using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary>Does the jobs of one command; several at once where the runner does several at once.</summary>
internal interface IHandler
{
    /// <summary>Does one job. What it throws becomes the job's failure, with the exception's message as its error.</summary>
    Task<Outcome> RunAsync(JobContext job);

    /// <summary>How long a job may take; null for what <c>RESULT_TIMEOUT_SEC</c> says.</summary>
    TimeSpan? Limit => null;

    /// <summary>How long it may take to return once <see cref="JobContext.Stop"/> was cancelled; then it is left behind.</summary>
    TimeSpan Patience => TimeSpan.FromSeconds(3);

    /// <summary>What the broker is told of it.</summary>
    ServedCommand Told(string command) => new(command);
}

/// <summary>What a handler may use of its runner.</summary>
/// <param name="StateFolder">The runner's own folder; a handler that keeps files uses a subfolder of its own.</param>
internal sealed record RunnerContext(string WorkerId, string StateFolder, TimeProvider Clock);
