using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>A job as the API shows it. Times are whole seconds since 1970; what is absent is null.</summary>
public sealed record JobView
{
    public required string Id { get; init; }
    public long CreatedAt { get; init; }
    public long? StartedAt { get; init; }
    public long? FinishedAt { get; init; }
    public long? LeaseUntil { get; init; }

    /// <summary>One of <see cref="JobStatuses"/>.</summary>
    public required string Status { get; init; }

    public required string Command { get; init; }

    /// <summary>Null in lists, which leave payload and result out.</summary>
    public string? Payload { get; init; }

    public string? Result { get; init; }
    public string? Error { get; init; }
    public string? WorkerId { get; init; }

    /// <summary>One of <see cref="JobStates"/>; null from the Python broker.</summary>
    public string? State { get; init; }

    /// <summary>How often the job was claimed.</summary>
    public int Attempt { get; init; }

    public int Failures { get; init; }
    public int LostLeases { get; init; }
    public bool CancelRequested { get; init; }

    /// <summary>What was sent as the job's requirements, as text.</summary>
    [JsonConverter(typeof(TextOrJson))]
    public string? Requires { get; init; }

    /// <summary>What a worker must be able to do to get the job.</summary>
    public IReadOnlyList<string>? Caps { get; init; }

    /// <summary>Null from the Python broker.</summary>
    public string? Queue { get; init; }

    /// <summary>For whom it is.</summary>
    public string? Requester { get; init; }

    /// <summary>How the job ended; null before, and from the Python broker.</summary>
    public string? Outcome { get; init; }

    /// <summary>Grows with each change.</summary>
    public long Version { get; init; }

    /// <summary>1 comes first, 5 last.</summary>
    public int Priority { get; init; } = 3;

    /// <summary>Not before.</summary>
    public long? RunAt { get; init; }

    /// <summary>Not started by then it fails.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>How long one attempt may take.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>How many failures end it.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>Counts the times it began anew by a person's hand.</summary>
    public int Round { get; init; } = 1;

    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Jobs of its queue with the same key run one at a time.</summary>
    public string? SerialKey { get; init; }

    /// <summary>What it waits for that is no time.</summary>
    public IReadOnlyList<HoldView>? Holds { get; init; }

    /// <summary>The jobs that it waits for, or waited for.</summary>
    public IReadOnlyList<ParentView>? DependsOn { get; init; }

    public string? Batch { get; init; }

    /// <summary>The job of which this is a changed copy.</summary>
    public string? RetryOf { get; init; }

    /// <summary>The schedule that made it, and the time for which it did.</summary>
    public string? Schedule { get; init; }

    public long? Tick { get; init; }

    /// <summary>How each attempt ended that gave no result; null in lists.</summary>
    public IReadOnlyList<AttemptError>? Errors { get; init; }

    /// <summary>Of a job that needs a person's yes: what the command's workers have told that it runs, different ones by comma; null in lists.</summary>
    public string? WorkerDefinition { get; init; }

    /// <summary>Of a job that needs a person's yes: what the yes is said to; null in lists.</summary>
    public string? Digest { get; init; }

    /// <summary>How far the newest attempt is; null where it never said.</summary>
    public ProgressView? Progress { get; init; }

    /// <summary>In a claim alone: what an attempt before wants this one to know.</summary>
    public string? Details { get; init; }

    /// <summary>In a claim alone: who said yes to it.</summary>
    public ApprovedView? Approved { get; init; }

    /// <summary>As it was sent; null in lists.</summary>
    public Signature? Signature { get; init; }

    /// <summary>Where its news go; of the address as much as anybody may see.</summary>
    public WebhookBody? Webhook { get; init; }

    /// <summary>In a claim of a webhook alone: where to send it.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>In a claim alone: the fence to send back as <see cref="HeaderNames.LeaseToken"/>.</summary>
    public string? LeaseToken { get; init; }

    /// <summary>In a claim alone: how long the lease lasts from now.</summary>
    public double? LeaseSeconds { get; init; }
}

/// <summary>Something that a job waits for, and that is no time.</summary>
public sealed record HoldView(string Kind, long Since, string? Detail);

/// <summary>A person's yes to a job.</summary>
/// <param name="Digest">Of what was shown.</param>
public sealed record ApprovedView(string By, long At, string Digest);

/// <summary>A job for whose end another one waits.</summary>
/// <param name="IfFailed">What becomes of the one that waits where this one fails: <c>fail</c>, <c>cancel</c>, <c>run</c> or <c>hold</c>.</param>
public sealed record ParentView(string Id, string IfFailed = "fail");

/// <summary>The answer of <c>GET /jobs/{id}/parents</c>.</summary>
public sealed record ParentResults(IReadOnlyList<ParentResult> Parents);

/// <summary>How a job ended that another one depends on.</summary>
public sealed record ParentResult(string Id, string Status, string? Result);

/// <summary>How an attempt ended that gave no result.</summary>
/// <param name="Kind"><c>failed</c>, <c>lease_lost</c>, <c>timeout</c>, <c>interrupted</c>, <c>expired</c> or <c>dependency</c>.</param>
public sealed record AttemptError(int Round, int Attempt, long At, string? WorkerId, string? Error, string Kind);

/// <summary>The capabilities a job needs.</summary>
public sealed record Requirements(IReadOnlyList<string> Caps);

/// <summary>The body of <c>POST /jobs</c>.</summary>
public sealed record CreateJob(string Command, string Payload)
{
    public Requirements? Requires { get; init; }

    /// <summary>Null for the default one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Queue { get; init; }

    /// <summary>For whom it is; a token that names a person sets it itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Requester { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Priority { get; init; }

    /// <summary>Not before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? RunAt { get; init; }

    /// <summary>Instead of <see cref="RunAt"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? DelaySeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExpiresInSeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? TimeoutSeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxAttempts { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BackoffBody? Backoff { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SerialKey { get; init; }

    /// <summary>The jobs that it waits for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ParentView>? DependsOn { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UniqueBody? Unique { get; init; }

    /// <summary>For runners that run only what is signed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Signature? Signature { get; init; }

    /// <summary>Where its news go.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WebhookBody? Webhook { get; init; }
}

/// <summary>Where a job's news go.</summary>
/// <param name="Url"><c>https://…</c>, <c>ntfy+https://host/topic</c> or <c>gotify+https://TOKEN@host</c>.</param>
/// <param name="On">Which: <c>done</c>, <c>failed</c>, <c>cancelled</c>, <c>held</c>; null for the ends.</param>
public sealed record WebhookBody(string Url, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? On = null);

/// <summary>How long a job waits after a failure: up to initial · factor^(n-1), at most the maximum, with full jitter.</summary>
public sealed record BackoffBody(double InitialSeconds, double MaxSeconds, double Factor);

/// <summary>What is to be there once.</summary>
/// <param name="Key">Null for the payload's hash.</param>
/// <param name="OnConflict"><c>return</c>, <c>replace</c>, <c>reject</c> or <c>keep_latest</c>.</param>
public sealed record UniqueBody(string? Key, double? WithinSeconds = null, string OnConflict = "return");

/// <summary>Proves who wrote a job, to a runner that trusts no broker.</summary>
/// <param name="Key">The name of the key that signed.</param>
/// <param name="Nonce">Random: a signature is good for one job.</param>
/// <param name="NotAfter">No runner starts the job later, in seconds since 1970.</param>
/// <param name="Value">Base64.</param>
public sealed record Signature(string Key, string Nonce, long NotAfter, string Value);

/// <summary>The answer of <c>POST /jobs</c>.</summary>
public sealed record CreatedJob(string Id, string Status);

/// <summary>The body of <c>POST /jobs/{id}/cancel</c>, which may also be empty.</summary>
public sealed record CancelBody(string? Reason);

/// <summary>The answer of <c>result</c>, <c>fail</c>, <c>release</c> and <c>cancel</c>.</summary>
public sealed record Acknowledgement(bool Ok, string Status)
{
    /// <summary>Why nothing changed, where nothing did.</summary>
    public string? Note { get; init; }

    /// <summary>In the answer of <c>cancel</c>: true where a running job's worker is still to be told.</summary>
    public bool? CancelRequested { get; init; }
}

/// <summary>The answer of <c>retry</c>, <c>hold</c>, <c>unhold</c>, <c>snooze</c> and <c>PATCH</c>.</summary>
public sealed record ChangedJob(string Id, string Status, string State, int Round, long Version);

/// <summary>The body of <c>POST /jobs/{id}/retry</c>, which may also be empty.</summary>
/// <param name="Payload">For a changed copy; null for a new round of the same job.</param>
/// <param name="Children">Whether those that ended through it are done again, too.</param>
public sealed record RetryBody(string? Payload, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Children = false);

/// <summary>The body of <c>POST /jobs/{id}/snooze</c>.</summary>
public sealed record SnoozeBody(double Seconds);

/// <summary>The answer of <c>GET /jobs/{id}/explain</c>.</summary>
/// <param name="Code">A stable word.</param>
/// <param name="Until">When it changes by itself.</param>
/// <param name="Mend">Commands that help.</param>
public sealed record JobExplanation(
    string State, string Code, string Text, long? Since, long? Until, IReadOnlyList<Blocker> Blockers, IReadOnlyList<string> Mend);

/// <summary>What stands in a job's way.</summary>
public sealed record Blocker(string Kind, string Name);

/// <summary>The answer of <c>GET /jobs/{id}/history</c>.</summary>
public sealed record JobHistoryView(IReadOnlyList<JobEventView> Events);

/// <summary>One thing that happened to a job.</summary>
/// <param name="State">The job's state after it.</param>
public sealed record JobEventView(int N, long At, string Event, string State, string? Actor, int Round, int Attempt, string? Detail);

/// <summary>The answer of <c>DELETE /jobs/{id}</c>.</summary>
public sealed record DeletedJob(bool Ok, string Id);

/// <summary>The answer of <c>GET /jobs</c>: newest first, without payloads and results.</summary>
/// <param name="Jobs">At most <c>limit</c> jobs.</param>
/// <param name="Next">The <c>cursor</c> of the next page; null on the last.</param>
public sealed record JobPage(IReadOnlyList<JobView> Jobs, string? Next)
{
    /// <summary>Where a search that took long stopped: jobs created until then were looked at.</summary>
    public long? SearchedUntil { get; init; }
}

/// <summary>The answer of <c>GET /health</c>.</summary>
public sealed record Health(bool Ok, bool TsBound);

/// <summary>An error: RFC 9457 problem details; <c>detail</c> is a text, in a 422 a list of <see cref="FieldError"/>.</summary>
public sealed record Problem
{
    public string? Type { get; init; }
    public string? Title { get; init; }
    public int? Status { get; init; }
    public JsonElement Detail { get; init; }

    /// <summary>One of <see cref="ErrorCodes"/>.</summary>
    public string? Code { get; init; }

    /// <summary>In a 409: the job's state now.</summary>
    public string? State { get; init; }
}

/// <summary>One missing or wrong field of a request.</summary>
/// <param name="Loc">Where: <c>["body", "payload"]</c>.</param>
/// <param name="Msg">What is wrong with it.</param>
/// <param name="Type">A stable word for the kind of error.</param>
public sealed record FieldError(IReadOnlyList<string> Loc, string Msg, string Type);
