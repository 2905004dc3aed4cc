using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Links;

/// <summary>Takes many jobs at once.</summary>
internal sealed class BatchApi(BatchReader reader, BatchCreation creation, JobCalls calls, IJobStore store)
{
    private const int MaxBytes = 8 << 20;

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/jobs/batch", (RequestDelegate)CreateAsync).RequireAuthorization(Rights.CreateJobs);

    private async Task CreateAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, MaxBytes);
        var caller = context.GetCaller();
        var key = IdempotencyKey.Of(context, "POST /jobs/batch", body, calls.SteadyNow);
        var batch = reader.Read(context, body, NewBatch.IdOf(Guid.CreateVersion7()));
        var use = key is null ? null : await store.FindKeyAsync(key.Scope, key.Key);
        use ??= await creation.CreateAsync(batch, key, caller);
        if (use is not null) batch = await ReadAgainAsync(context, body, use, key!);
        await AnswerAsync(context, batch);
    }

    /// <summary>The batch that the key made, as it was answered then: its ids follow from that of any of its jobs.</summary>
    private async Task<NewBatch> ReadAgainAsync(HttpContext context, byte[] body, KeyUse use, IdempotencyKey key)
    {
        key.Check(use);
        var batch = reader.Read(context, body, NewBatch.IdOf(use.JobId));
        await creation.LinkAsync(BatchOrder.Sort(batch.Entries), context.GetCaller());
        foreach (var entry in batch.Entries)
        {
            if (entry.Job is not { Unique: { } unique } job || await store.FindAsync(job.Id) is not null) continue;
            if (await store.FindHolderAsync(job.Queue, job.Command, unique.Key) is { } holder) entry.Found = await store.FindAsync(holder);
        }
        return batch;
    }

    private static Task AnswerAsync(HttpContext context, NewBatch batch) => Answer.SendAsync(context, json =>
    {
        var isMade = batch.Entries.Any(static e => e.IsToBeMade);
        json.WriteStartObject();
        json.WriteString("batch", isMade ? batch.Id.ToString() : null);
        json.WriteStartArray("jobs");
        foreach (var entry in batch.Entries)
        {
            json.WriteStartObject();
            if (entry.Error is { } error)
            {
                json.WritePropertyName("error");
                Answer.WriteProblem(json, error, null);
            }
            else
            {
                json.WriteString("id", entry.Id);
                json.WriteString("status", entry.Found?.Status ?? JobStatuses.Queued);
                if (entry.Job!.Unique is not null) json.WriteBoolean("created", entry.Found is null);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("on_success", isMade ? batch.OnSuccess?.Id.ToString() : null);
        json.WriteString("on_complete", isMade ? batch.OnComplete?.Id.ToString() : null);
        json.WriteEndObject();
    });
}
