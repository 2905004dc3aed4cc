using System.Text.Json;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>The job as the wire shows it: the one place where rows become views.</summary>
internal static class JobJson
{
    /// <summary>Writes a job with its texts; a queued job shows nothing of an earlier attempt.</summary>
    /// <param name="leaseSeconds">In a claim: how long the lease lasts; then the lease token is shown, too.</param>
    public static void Write(Utf8JsonWriter json, Job job, byte[] payload, byte[]? result, int? leaseSeconds, Clock clock)
    {
        json.WriteStartObject();
        WriteHead(json, job, clock);
        json.WriteString("payload", payload);
        if (result is null) json.WriteNull("result");
        else json.WriteString("result", result);
        WriteTail(json, job);
        json.WriteString("lease_token", leaseSeconds is null ? null : job.LeaseToken);
        if (leaseSeconds is { } seconds) json.WriteNumber("lease_seconds", seconds);
        else json.WriteNull("lease_seconds");
        json.WriteEndObject();
    }

    /// <summary>Writes a job without payload and result, as lists show it.</summary>
    public static void WriteSummary(Utf8JsonWriter json, Job job, Clock clock)
    {
        json.WriteStartObject();
        WriteHead(json, job, clock);
        WriteTail(json, job);
        json.WriteEndObject();
    }

    /// <summary>A lease's end in whole seconds, as people's clocks show it.</summary>
    public static long? LeaseUntil(Job job, Clock clock) => job.LeaseUntil is { } until ? (until + clock.Wall - clock.SteadyNow.Milliseconds) / 1000 : null;

    private static void WriteHead(Utf8JsonWriter json, Job job, Clock clock)
    {
        json.WriteString("id", job.Id);
        json.WriteNumber("created_at", job.CreatedAt / 1000);
        WriteNumber(json, "started_at", IsClaimed(job) ? job.StartedAt / 1000 : null);
        WriteNumber(json, "finished_at", job.FinishedAt / 1000);
        WriteNumber(json, "lease_until", LeaseUntil(job, clock));
        json.WriteString("status", job.Status);
        json.WriteString("command", job.Command);
    }

    private static void WriteTail(Utf8JsonWriter json, Job job)
    {
        json.WriteString("error", job.IsFinal ? job.Error : null);
        json.WriteString("worker_id", IsClaimed(job) ? job.WorkerId : null);
        json.WriteString("state", job.State.Name());
        json.WriteNumber("attempt", job.Attempt);
        json.WriteNumber("failures", job.Failures);
        json.WriteNumber("lost_leases", job.LostLeases);
        json.WriteBoolean("cancel_requested", job.CancelRequested);
        if (job.Lane.Length == 0)
        {
            json.WriteNull("requires");
            return;
        }
        json.WriteStartObject("requires");
        json.WriteStartArray("caps");
        foreach (var name in Lane.Names(job.Lane)) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool IsClaimed(Job job) => job.State is not (JobState.Queued or JobState.Scheduled);

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
