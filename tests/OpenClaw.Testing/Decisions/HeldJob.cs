namespace OpenClaw.Testing.Decisions;

/// <summary>What is said of a job that waits for a yes.</summary>
public enum Word
{
    Approve,
    Deny,
    Edit,
    Claim,
}

/// <summary>One call of a race, and its answer.</summary>
/// <param name="Who">Who said it; of a claim, whose yes it names.</param>
/// <param name="Payload">What was decided about, what an edit made of it, or what a claim handed out.</param>
/// <param name="Status">Null where there was no answer: it may have been done or not.</param>
/// <param name="Code">Of a refusal, and <see cref="Nothing"/> of a claim that was given nothing.</param>
public sealed record Call(Word Word, string Who, string Payload, int? Status = null, string? Code = null)
{
    public const string Nothing = "nothing";
}

/// <summary>A job that was made to be held, as the rules of docs/protocol.md have it: so few that the eye can check them.</summary>
/// <param name="State">held, queued, running or failed.</param>
/// <param name="By">Whose yes holds.</param>
public sealed record HeldJob(string State, string Payload, string? By = null)
{
    /// <summary>What a call makes of it, with the answer.</summary>
    public (HeldJob Job, int Status, string? Code) After(Call call) => (call.Word, State) switch
    {
        (Word.Edit, "held" or "queued") => (new HeldJob("held", call.Payload), 200, null),
        (Word.Edit, _) => (this, 409, "not_waiting"),
        (Word.Claim, "queued") => (this with { State = "running" }, 200, null),
        (Word.Claim, _) => (this, 200, Call.Nothing),
        (_, not "held") => (this, 409, "already_decided"),
        _ when call.Payload != Payload => (this, 409, "digest_changed"),
        (Word.Approve, _) => (this with { State = "queued", By = call.Who }, 200, null),
        _ => (this with { State = "failed" }, 200, null),
    };

    /// <summary>Whether the calls, one after the other in some order, have these answers and end so.</summary>
    public bool Explains(IReadOnlyList<Call> calls, HeldJob end) => calls.Count == 0 ? this == end
        : Enumerable.Range(0, calls.Count).Any(i => IsNext(calls[i], [.. calls.Take(i), .. calls.Skip(i + 1)], end));

    private bool IsNext(Call call, IReadOnlyList<Call> rest, HeldJob end)
    {
        var (job, status, code) = After(call);
        if (call.Status is null) return Explains(rest, end) || job.Explains(rest, end);
        if (call.Code == Call.Nothing) return Explains(rest, end); // a queue may hear of a yes a moment later
        if (call.Word == Word.Claim && (call.Payload, call.Who) != (Payload, By)) return false;
        return (call.Status, call.Code) == (status, code) && job.Explains(rest, end);
    }
}
