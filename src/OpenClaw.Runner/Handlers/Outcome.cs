namespace OpenClaw.Runner.Handlers;

/// <summary>How a handler's run ended.</summary>
internal abstract record Outcome;

/// <summary>The job is done.</summary>
internal sealed record Succeeded(string Result) : Outcome;

/// <summary>The job failed, for good.</summary>
internal sealed record Failed(string Error) : Outcome;

/// <summary>The job can't be done here now: it goes back to its old place, and this runner rests before it claims again.</summary>
/// <param name="Rest">Up to a day.</param>
internal sealed record Snoozed(TimeSpan Rest) : Outcome;
