namespace OpenClaw.Runner.Handlers;

/// <summary>How a handler's run ended.</summary>
internal abstract record Outcome;

/// <summary>The job is done.</summary>
internal sealed record Succeeded(string Result) : Outcome;

/// <summary>The attempt failed.</summary>
/// <param name="IsRetryable">Whether another attempt, where the job has one, might do better.</param>
internal sealed record Failed(string Error, bool IsRetryable = true) : Outcome;

/// <summary>The job can't be done here now: it goes back to its old place, and this runner rests before it claims again.</summary>
/// <param name="Rest">Up to a day.</param>
internal sealed record Snoozed(TimeSpan Rest) : Outcome;

/// <summary>Nobody has said yes to exactly this job: it goes back, to be held until somebody has.</summary>
/// <param name="Reason">What that person is told.</param>
internal sealed record Held(string Reason) : Outcome;
