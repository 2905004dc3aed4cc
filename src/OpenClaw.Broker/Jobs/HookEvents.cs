using System.Buffers;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// The table <c>hook_event</c>: news of jobs that are to be told elsewhere. It is an outbox: what a change of a job sets off is written in
/// the change's own commit, so that no kill comes between.
/// </summary>
internal static class HookEvents
{
    /// <summary>Of a result and of an error so much is told, in characters.</summary>
    private const int MostText = 1000;

    private const int MaxUtf8 = 4;

    /// <summary>What a change of a job sets off.</summary>
    /// <param name="before">Null of a new one.</param>
    /// <param name="result">UTF-8.</param>
    /// <param name="now">Milliseconds since 1970.</param>
    public static IReadOnlyList<Change> After(Job? before, Job next, byte[]? result, long now)
    {
        if (next.Webhook is not { } hook || next.Queue == QueueNames.Hooks || Happened(before, next) is not { } state || !hook.On.Contains(state)) return [];
        return [new HookEventInsert(new HookEvent(Guid.CreateVersion7(), hook.Url, next.Id, Write(next, state, result, now)))];
    }

    /// <summary>The state that the job came into, where that may be told: an end, or that it waits for a person.</summary>
    private static string? Happened(Job? before, Job next)
    {
        if (next.IsFinal) return before is { IsFinal: true } ? null : next.State.Name();
        var isOther = before is null || before.PayloadVersion != next.PayloadVersion || before.Queue != next.Queue; // than what somebody was asked for
        var asks = next.Holds.Any(h => h.Kind is HoldKinds.Approval or HoldKinds.Person && (isOther || !before!.Holds.Contains(h)));
        return asks ? JobState.Held.Name() : null;
    }

    private static byte[] Write(Job job, string state, byte[]? result, long now)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = JsonEncoder.Instance }))
        {
            json.WriteStartObject();
            json.WriteString("type", $"job.{state}");
            json.WriteString("timestamp", DateTimeOffset.FromUnixTimeMilliseconds(now).UtcDateTime);
            json.WritePropertyName("data");
            JobJson.WriteNews(json, job, Beginning(result), job.Error?.Length > MostText ? JobTable.Beginning(job.Error, MostText) : job.Error);
            json.WriteEndObject();
        }
        return body.WrittenSpan.ToArray();
    }

    private static string? Beginning(byte[]? result)
    {
        if (result is null) return null;
        var text = Encoding.UTF8.GetString(result, 0, Math.Min(result.Length, (MostText + 1) * MaxUtf8));
        return text.Length > MostText ? JobTable.Beginning(text, MostText) : text;
    }
}

/// <summary>News of a job that are to be told elsewhere.</summary>
/// <param name="Id">Stays the same however often it is told.</param>
/// <param name="Body">JSON.</param>
internal sealed record HookEvent(Guid Id, string Url, Guid Job, byte[] Body);

internal sealed class HookEventInsert(HookEvent news) : Change
{
    public override string Sql => "insert into hook_event (id, url, job_id, body) values (?1, ?2, ?3, ?4)";

    public override int Size => news.Body.Length + 256;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, news.Id.ToString());
        parameters.Set(2, news.Url);
        parameters.Set(3, news.Job.ToString());
        parameters.Set(4, news.Body);
    }
}
