using System.Text.Json;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>The table <c>job</c> and its texts: its columns, and the changes that are made to it.</summary>
internal static class JobTable
{
    /// <summary>More characters of an error than this stand in <c>job_result</c> alone.</summary>
    public const int ShortError = 1000;

    public static readonly Table<Job> Rows = new(
        "job", ["seq", "version"], static () => new Job { Id = default, Command = "" },
        Columns<Job>.Number("seq", j => j.Seq, Writing.Once),
        Columns<Job>.As("id", j => j.Id, static v => v.ToString(), static t => Guid.Parse(t!), Writing.Once),
        Columns<Job>.Number("version", j => j.Version),
        Columns<Job>.Number("round", j => j.Round),
        Columns<Job>.Text("queue", j => j.Queue, Writing.Edited),
        Columns<Job>.As("lane", j => j.Caps, static v => v.Text, Caps.Parse, Writing.Once),
        Columns<Job>.Text("requires", j => j.Requires, Writing.Once),
        Columns<Job>.Utf8("command", j => j.Command!, Writing.Once),
        Columns<Job>.Number("priority", j => j.Priority, Writing.Edited),
        Columns<Job>.Number("rank", j => j.RankAt, Writing.Edited),
        Columns<Job>.Number("created_at", j => j.CreatedAt, Writing.Once),
        Columns<Job>.As("state", j => j.State, static v => v.Name(), static t => JobStateNames.Parse(t)!.Value),
        // Of a serial key the table itself finds the first: see SerialSettle.
        Columns<Job>.Half("ready", static j => j.State == JobState.Queued && j.SerialKey is null, j => j.IsFirst),
        Columns<Job>.Number("started_at", j => j.StartedAt),
        Columns<Job>.Number("finished_at", j => j.FinishedAt),
        Columns<Job>.Number("lease_until", j => j.LeaseUntil),
        Columns<Job>.Number("run_at", j => j.RunAt),
        Columns<Job>.Flag("is_delay", j => j.IsDelay),
        Columns<Job>.Number("expires_at", j => j.ExpiresAt),
        Columns<Job>.Derived("due_at", static j => JobRules.Due(j)?.At),
        Columns<Job>.Number("timeout_ms", j => j.TimeoutMs, Writing.Once),
        Columns<Job>.Number("max_attempts", j => j.MaxAttempts, Writing.Edited),
        Columns<Job>.As("backoff", j => j.Backoff, Backoff.Format, Backoff.Parse, Writing.Once),
        Columns<Job>.Number("attempt", j => j.Attempt),
        Columns<Job>.Number("failures", j => j.Failures),
        Columns<Job>.Number("lost_leases", j => j.LostLeases),
        Columns<Job>.Text("lease_token", j => j.LeaseToken),
        Columns<Job>.Text("worker_id", j => j.WorkerId),
        Columns<Job>.As("holders", j => j.EarlierHolders, FormatNames, ParseNames),
        Columns<Job>.Text("claim_id", j => j.ClaimId),
        Columns<Job>.Number("claim_n", j => j.ClaimN),
        Columns<Job>.Flag("is_answered", j => j.IsAnswered),
        Columns<Job>.Flag("cancel_requested", j => j.CancelRequested),
        Columns<Job>.Utf8("cancel_reason", j => j.CancelReason),
        Columns<Job>.Utf8("error", j => j.Error),
        Columns<Job>.As("outcome", j => j.Outcome, static v => v?.Name(), OutcomeNames.Parse),
        Columns<Job>.Number("payload_version", j => j.PayloadVersion, Writing.Edited),
        Columns<Job>.Number("payload_bytes", j => j.PayloadBytes, Writing.Edited),
        Columns<Job>.As("holds", j => j.Holds, Hold.Format, Hold.Parse),
        Columns<Job>.As("tags", j => j.Tags, FormatNames, ParseNames, Writing.Edited),
        Columns<Job>.Text("requester", j => j.Requester, Writing.Once),
        Columns<Job>.As("retry_of", j => j.RetryOf, static v => v?.ToString(), static t => t is null ? (Guid?)null : Guid.Parse(t), Writing.Once),
        Columns<Job>.Text("schedule", j => j.Schedule, Writing.Once),
        Columns<Job>.Number("tick", j => j.Tick, Writing.Once),
        Columns<Job>.Text("signature", j => j.Signature, Writing.Edited),
        Columns<Job>.Text("serial_key", j => j.SerialKey, Writing.Once),
        Columns<Job>.Text("unique_key", j => j.UniqueKey, Writing.Once),
        Columns<Job>.As("depends_on", j => j.DependsOn, Parent.Format, Parent.Parse, Writing.Once),
        Columns<Job>.As("batch", j => j.Batch, static v => v?.ToString(), static t => t is null ? (Guid?)null : Guid.Parse(t), Writing.Once),
        Columns<Job>.As("approval", j => j.Approval, Approval.Format, Approval.Parse, Writing.Edited),
        Columns<Job>.As("webhook", j => j.Webhook, Webhook.Format, Webhook.Parse, Writing.Once),
        Columns<Job>.As("progress", j => j.Progress, Progress.Format, Progress.Parse),
        Columns<Job>.Text("made_by", j => j.MadeBy, Writing.Once));

    /// <summary>What of a long error stands in the row.</summary>
    public static string Beginning(string error, int length = ShortError) => error[..(char.IsHighSurrogate(error[length - 1]) ? length - 1 : length)] + "…";

    /// <summary>What a job counts in the limits of unfinished ones.</summary>
    public static (int Jobs, long Bytes) Held(Job job) => job.IsFinal || job.Queue == QueueNames.Hooks ? default : (1, job.PayloadBytes);

    private static string? FormatNames(IReadOnlyList<string> names) =>
        names.Count == 0 ? null : JsonSerializer.Serialize([.. names], NamesJson.Default.StringArray);

    private static IReadOnlyList<string> ParseNames(string? text) => text is null ? [] : JsonSerializer.Deserialize(text, NamesJson.Default.StringArray)!;
}

/// <summary>A new job's row. <see cref="Job"/> has its place in the order once it is written.</summary>
internal sealed class JobInsert(Job job) : Change
{
    public Job Job { get; private set; } = job;

    public override string Sql => JobTable.Rows.Insert;

    /// <summary>There is one job for a schedule's time.</summary>
    public override bool CanBeRefused => Job.Tick is not null;

    public override void Number(Ledger ledger)
    {
        var seq = ledger.NextSeq();
        Job = Job with { Seq = seq, RankAt = Rank.Of(ledger.Accept(Job.CreatedAt), Job.Priority, seq).At };
    }

    public override void Bind(IParameters parameters) => JobTable.Rows.WriteAll(Job, parameters);

    public override void Count(ICounts counts)
    {
        counts.Move(Job.Queue, null, Job.State.Name(), Job.CreatedAt);
        if (JobTable.Held(Job) is (> 0, var bytes)) counts.Hold(Job.MadeBy ?? "", 1, bytes);
    }
}

/// <summary>A job's next version; refused where the row is at another than the one before it, or its claim id is in use.</summary>
/// <param name="isEdit">Whether it also writes what only people change.</param>
internal sealed class JobUpdate(Job from, Job to, long now, bool isEdit = false) : Change
{
    private readonly Assignments<Job> written = JobTable.Rows.Changed(from, to, isEdit);

    public override string Sql => written.Statement;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        written.Write(to, parameters);
        parameters.Set(written.Width + 1, from.Seq);
        parameters.Set(written.Width + 2, from.Version);
    }

    public override void Count(ICounts counts)
    {
        if (from.Queue != to.Queue)
        {
            counts.Move(from.Queue, from.State.Name(), null, now);
            counts.Move(to.Queue, null, to.State.Name(), now);
        }
        else if (from.State != to.State)
        {
            counts.Move(to.Queue, from.State.Name(), to.State.Name(), now);
        }
        var (before, after) = (JobTable.Held(from), JobTable.Held(to));
        if (before != after) counts.Hold(to.MadeBy ?? "", after.Jobs - before.Jobs, after.Bytes - before.Bytes);
    }
}

/// <summary>The payload that came with a new job.</summary>
internal sealed class PayloadInsert(JobInsert job, byte[] payload) : Change
{
    public override string Sql => "insert into job_payload (seq, payload) values (?1, ?2)";

    public override int Size => payload.Length + 64;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, job.Job.Seq);
        parameters.Set(2, payload);
    }
}

/// <summary>The payload that a waiting job has instead.</summary>
internal sealed class PayloadUpdate(long seq, byte[] payload) : Change
{
    public override string Sql => "update job_payload set payload = ?2 where seq = ?1";

    public override int Size => payload.Length + 64;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, seq);
        parameters.Set(2, payload);
    }
}

/// <summary>What an end left: a result, or the whole of a long error; both UTF-8.</summary>
internal sealed class ResultInsert(long seq, byte[]? result, byte[]? error) : Change
{
    public override string Sql => "insert into job_result (seq, result, error) values (?1, ?2, ?3)";

    public override int Size => (result?.Length ?? 0) + (error?.Length ?? 0) + 64;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, seq);
        parameters.Set(2, result);
        parameters.Set(3, error);
    }
}

/// <summary>Takes an idempotency key for a job; refused where it was taken before.</summary>
/// <param name="isFound">Whether the job was there before.</param>
internal sealed class KeyInsert(IdempotencyKey key, Guid job, bool isFound = false) : Change
{
    private static readonly byte[] Found = [0];

    private const string Statement = "insert into idempotency_key as k (scope, key, body_hash, job_id, created_at, answer) values (?1, ?2, ?3, ?4, ?5, ?6) "
        + "on conflict (scope, key) do update set body_hash = excluded.body_hash, job_id = excluded.job_id, created_at = excluded.created_at, "
        + "answer = excluded.answer "
        + $"where {IdempotencyKeys.IsFree}";

    public override string Sql => Statement;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, key.Scope);
        parameters.Set(2, key.Key);
        parameters.Set(3, key.BodyHash);
        parameters.Set(4, job.ToString());
        parameters.Set(5, key.At.Milliseconds);
        parameters.Set(6, isFound ? Found : null);
    }
}

/// <summary>Forgets a queue's name; refused where it has unfinished jobs.</summary>
internal sealed class QueueDelete(string name) : Change
{
    public override string Sql => "delete from queue where name = ?1 and not exists (select 1 from job_count "
        + "where queue = ?1 and jobs > 0 and state not in ('done', 'failed', 'cancelled'))";

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => parameters.Set(1, name);
}

/// <summary>Names a queue, so that it can be listed.</summary>
internal sealed class QueueInsert(string name) : Change
{
    public override string Sql => "insert into queue (name) values (?1) on conflict do nothing";

    public override void Bind(IParameters parameters) => parameters.Set(1, name);
}
