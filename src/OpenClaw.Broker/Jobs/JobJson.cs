using System.Text.Json;
using OpenClaw.Broker.Http;

namespace OpenClaw.Broker.Jobs;

/// <summary>The job as the wire shows it: the one place where rows become views.</summary>
internal static class JobJson
{
    /// <summary>Writes a job with its texts, and sends long ones as it goes; a queued job shows nothing of an earlier attempt.</summary>
    /// <param name="notes">What was noted of it.</param>
    /// <param name="leaseSeconds">In a claim: how long the lease lasts; then the lease token is shown, too.</param>
    /// <param name="details">In a claim: what an attempt before wants this one to know, UTF-8.</param>
    /// <exception cref="ProblemException">503: too many bytes are in flight; nothing was sent.</exception>
    public static async ValueTask WriteAsync(HttpContext context, Answer answer, JobTexts texts, IReadOnlyList<JobNote> notes, int? leaseSeconds,
        byte[]? details = null)
    {
        Answer.Hold(context, texts.Payload.Length + (texts.Result?.Length ?? 0) + (texts.Error?.Length ?? 0));
        var (job, json) = (texts.Job, answer.Json);
        json.WriteStartObject();
        WriteHead(json, job);
        await answer.WriteTextAsync(context, "payload", texts.Payload);
        await answer.WriteTextAsync(context, "result", texts.Result);
        if (texts.Error is not null) await answer.WriteTextAsync(context, "error", texts.Error);
        else json.WriteString("error", job.IsFinal ? job.Error : null);
        WriteTail(json, job);
        WriteErrors(json, job, notes);
        json.WritePropertyName("signature");
        if (job.Signature is null) json.WriteNullValue();
        else json.WriteRawValue(job.Signature);
        var definition = job.Approval is null ? null : context.RequestServices.GetRequiredService<IDefinitions>().Of(job.Command);
        json.WriteString("worker_definition", definition);
        json.WriteString("digest", job.Approval is null ? null : Approved.DigestOf(job, texts.Payload, definition));
        if (leaseSeconds is not null)
        {
            if (job.Queue == QueueNames.Hooks) json.WriteString("webhook_url", job.Webhook!.Url);
            WriteApproved(json, job.Approval?.Given);
            await answer.WriteTextAsync(context, "details", details);
        }
        json.WriteString("lease_token", leaseSeconds is null ? null : job.LeaseToken);
        if (leaseSeconds is { } seconds) json.WriteNumber("lease_seconds", seconds);
        else json.WriteNull("lease_seconds");
        json.WriteEndObject();
    }

    /// <summary>Writes a job without payload and result, as lists show it.</summary>
    public static void WriteSummary(Utf8JsonWriter json, Job job)
    {
        json.WriteStartObject();
        WriteHead(json, job);
        json.WriteString("error", job.IsFinal ? job.Error : null);
        WriteTail(json, job);
        json.WriteEndObject();
    }

    /// <summary>Writes what a webhook tells of a job: how it stands, and the beginnings of its texts.</summary>
    public static void WriteNews(Utf8JsonWriter json, Job job, string? result, string? error)
    {
        json.WriteStartObject();
        WriteHead(json, job);
        json.WriteString("result", result);
        json.WriteString("error", job.IsFinal ? error : null);
        WriteTail(json, job);
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, Job job)
    {
        json.WriteString("id", job.Id);
        json.WriteNumber("created_at", job.CreatedAt / 1000);
        WriteNumber(json, "started_at", IsClaimed(job) ? job.StartedAt / 1000 : null);
        WriteNumber(json, "finished_at", job.FinishedAt / 1000);
        WriteNumber(json, "lease_until", job.LeaseUntil / 1000);
        json.WriteString("status", job.Status);
        json.WriteString("command", job.Command);
    }

    private static void WriteTail(Utf8JsonWriter json, Job job)
    {
        json.WriteString("worker_id", IsClaimed(job) ? job.WorkerId : null);
        json.WriteString("state", job.State.Name());
        json.WriteNumber("attempt", job.Attempt);
        json.WriteNumber("failures", job.Failures);
        json.WriteNumber("lost_leases", job.LostLeases);
        json.WriteBoolean("cancel_requested", job.CancelRequested);
        json.WriteString("requires", job.Requires);
        json.WriteStartArray("caps");
        foreach (var name in job.Caps.Names) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteString("queue", job.Queue);
        json.WriteString("requester", job.Requester);
        json.WriteString("outcome", job.Outcome?.Name());
        json.WriteNumber("version", job.Version);
        json.WriteNumber("priority", job.Priority);
        WriteNumber(json, "run_at", job.RunAt / 1000);
        WriteNumber(json, "expires_at", job.ExpiresAt / 1000);
        if (job.TimeoutMs is { } timeout) json.WriteNumber("timeout_seconds", timeout / 1000.0);
        else json.WriteNull("timeout_seconds");
        json.WriteNumber("max_attempts", job.MaxAttempts);
        json.WriteNumber("round", job.Round);
        json.WriteStartArray("tags");
        foreach (var tag in job.Tags) json.WriteStringValue(tag);
        json.WriteEndArray();
        json.WriteStartArray("holds");
        foreach (var hold in job.Holds) Write(json, hold);
        json.WriteEndArray();
        json.WriteString("serial_key", job.SerialKey is [not SerialKeys.Own, ..] ? job.SerialKey : null);
        json.WriteStartArray("depends_on");
        foreach (var parent in job.DependsOn) Write(json, parent);
        json.WriteEndArray();
        json.WriteString("batch", job.Batch?.ToString());
        json.WriteString("retry_of", job.RetryOf?.ToString());
        json.WriteString("schedule", job.Schedule);
        WriteNumber(json, "tick", job.Tick / 1000);
        Write(json, job.Progress);
        Write(json, job.Webhook);
    }

    private static void Write(Utf8JsonWriter json, Webhook? hook)
    {
        if (hook is null)
        {
            json.WriteNull("webhook");
            return;
        }
        json.WriteStartObject("webhook");
        json.WriteString("url", hook.Shown);
        json.WriteStartArray("on");
        foreach (var state in hook.On) json.WriteStringValue(state);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Progress? progress)
    {
        if (progress is null)
        {
            json.WriteNull("progress");
            return;
        }
        json.WriteStartObject("progress");
        if (progress.Percent is { } percent) json.WriteNumber("percent", percent);
        else json.WriteNull("percent");
        json.WriteString("message", progress.Message);
        json.WriteNumber("at", progress.At / 1000);
        json.WriteEndObject();
    }

    private static void WriteApproved(Utf8JsonWriter json, Approved? given)
    {
        if (given is null)
        {
            json.WriteNull("approved");
            return;
        }
        json.WriteStartObject("approved");
        json.WriteString("by", given.By);
        json.WriteNumber("at", given.At / 1000);
        json.WriteString("digest", given.Digest);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Parent parent)
    {
        json.WriteStartObject();
        json.WriteString("id", parent.Id);
        json.WriteString("if_failed", parent.IfFailed.Name());
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Hold hold)
    {
        json.WriteStartObject();
        json.WriteString("kind", hold.Kind);
        json.WriteNumber("since", hold.Since / 1000);
        json.WriteString("detail", hold.Detail);
        json.WriteEndObject();
    }

    /// <summary>How each attempt ended that gave no result, the last among them.</summary>
    private static void WriteErrors(Utf8JsonWriter json, Job job, IReadOnlyList<JobNote> notes)
    {
        json.WriteStartArray("errors");
        foreach (var note in notes) Write(json, note);
        if (job.IsFinal) Write(json, JobNote.OfEnd(job));
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, JobNote error)
    {
        if (error.Kind is null) return;
        json.WriteStartObject();
        json.WriteNumber("round", error.Round);
        json.WriteNumber("attempt", error.Attempt);
        json.WriteNumber("at", error.At / 1000);
        json.WriteString("worker_id", error.WorkerId);
        json.WriteString("error", error.Detail);
        json.WriteString("kind", error.Kind);
        json.WriteEndObject();
    }

    private static bool IsClaimed(Job job) => !job.IsWaiting;

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
