using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The answer of <c>POST /jobs/batch</c>, in the order of what was sent.</summary>
/// <param name="Batch">Null where no job was made.</param>
public sealed record BatchAnswer(string? Batch, IReadOnlyList<BatchJob> Jobs);

/// <summary>A job of a batch that was made, or why it was not.</summary>
public sealed record BatchJob(string? Id = null, string? Status = null, Problem? Error = null);

/// <summary>The answer of <c>GET /jobs/next</c> with <c>max</c>.</summary>
/// <param name="Jobs">Null from a broker that hands out one at a time.</param>
/// <param name="Job">What that one hands out.</param>
public sealed record ManyClaimsAnswer(IReadOnlyList<JobView>? Jobs = null, JobView? Job = null);

/// <summary>The body of <c>POST /jobs/results</c>.</summary>
public sealed record ResultsBody(IReadOnlyList<JobEnd> Results);

/// <summary>What became of a job: a result or an error.</summary>
/// <param name="LeaseToken">The claim's.</param>
public sealed record JobEnd(string Id, string LeaseToken)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Result { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>False where another try can't do better.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Retryable { get; init; }
}

/// <summary>The answer of <c>POST /jobs/results</c>, in the order of what was sent.</summary>
public sealed record ResultsAnswer(IReadOnlyList<EndOutcome> Results);

/// <summary>Whether what was said of a job counts.</summary>
/// <param name="Status">What the job is by now; null where it was refused.</param>
/// <param name="Note">Why that is not what was said.</param>
/// <param name="Error">Why it was refused.</param>
public sealed record EndOutcome(string? Id, bool Ok, string? Status = null, string? Note = null, Problem? Error = null);

/// <summary>The body of <c>POST /jobs/retry</c>, <c>/jobs/cancel</c> and <c>/jobs/delete</c>.</summary>
/// <param name="Filter">What the query of <c>GET /jobs</c> holds, by the same names.</param>
public sealed record ManyJobsBody(IReadOnlyDictionary<string, string> Filter, int Limit, bool DryRun);

/// <summary>The answer of <c>POST /jobs/retry</c>, <c>/jobs/cancel</c> and <c>/jobs/delete</c>.</summary>
/// <param name="Ids">Those that were changed, or, in a dry run, would be.</param>
public sealed record ChangedJobs(int Matched, int Changed, IReadOnlyList<string> Ids);
