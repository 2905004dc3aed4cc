using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a bot's token opens: creating, reading, listing and cancelling jobs.</summary>
internal sealed class JobsApi(
    BrokerGrains grains, JobReader table, NewJobIds newIds, NewsDesk news, EndWaiters endWaiters, Clock clock, BrokerOptions options, IHostApplicationLifetime lifetime)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;
    private const int MaxReasonLength = 1000;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/jobs").WithMetadata(RequiredToken.Bot(options));
        jobs.MapPost("", (RequestDelegate)CreateAsync);
        jobs.MapGet("", (RequestDelegate)ListAsync);
        jobs.MapGet("/{id}", (RequestDelegate)GetAsync);
        jobs.MapPost("/{id}/cancel", (RequestDelegate)CancelAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var key = RequestParts.IdempotencyKey(context);
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        var job = Read(context, body, key);
        var earlier = key is null ? null : await table.FindKeyAsync(key);
        Guid id;
        if (earlier is null)
        {
            id = newIds.Next();
            var reply = await grains.Job(id).EnqueueAsync(job);
            if (reply.Job is { } created) await news.PublishAsync(created);
            earlier = reply.EarlierUse;
        }
        else
        {
            id = earlier.JobId;
        }
        if (earlier is not null)
        {
            if (!CryptographicOperations.FixedTimeEquals(earlier.BodyHash, job.Key!.BodyHash))
            {
                throw new ProblemException(ErrorCodes.IdempotencyMismatch,
                    [new FieldError(["header", HeaderNames.IdempotencyKey], "this key came with another body before; use a new key for a new job", "idempotency_mismatch")]);
            }
            id = earlier.JobId;
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("status", JobStatuses.Queued);
            json.WriteEndObject();
        });
    }

    private NewJob Read(HttpContext context, byte[] body, string? key)
    {
        var fields = RequestBody.Parse(context, body, "command", "payload", "requires");
        var errors = new FieldErrors();
        var command = errors.Text("command", fields[0]);
        var payload = errors.Text("payload", fields[1]);
        var lane = "";
        if (fields[2].Type != JsonTokenType.None)
        {
            using var requires = JsonDocument.Parse(fields[2].Json);
            if (!Requires.TryRead(requires.RootElement, out lane))
            {
                errors.Add("requires", $$"""must be of the form {"caps": ["name"]}, with at most {{Lane.MaxNames}} names of at most {{Lane.MaxNameLength}} characters""", "requires_type");
            }
        }
        errors.Check();
        if (payload.Length > options.MaxPayloadBytes)
        {
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
                $"the payload has {payload.Length} bytes; the limit is {options.MaxPayloadBytes}. Send less, or raise {BrokerVariables.MaxPayloadBytes}");
        }
        return new NewJob(Encoding.UTF8.GetString(command), payload, lane, clock.Wall, key is null ? null : new IdempotencyKey(key, SHA256.HashData(body), clock.SteadyNow));
    }

    private async Task GetAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var wait = RequestParts.Wait(context);
        var found = await table.FindWithTextsAsync(id);
        if (found is { Job.IsFinal: false } && wait > TimeSpan.Zero) found = await WaitForEndAsync(id, wait, context.RequestAborted);
        if (found is not { } texts) throw ProblemException.JobNotFound();
        await Answer.SendAsync(context, json => JobJson.Write(json, texts.Job, texts.Payload, texts.Result, leaseSeconds: null, clock));
    }

    private async Task<JobTexts?> WaitForEndAsync(Guid id, TimeSpan wait, CancellationToken aborted)
    {
        var ended = endWaiters.Join(id);
        try
        {
            using var deadline = new CancellationTokenSource(wait, clock);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted, lifetime.ApplicationStopping);
            while (true)
            {
                var found = await table.FindWithTextsAsync(id);
                if (found is not { Job.IsFinal: false } || stop.IsCancellationRequested) return found;
                await ended.WaitAsync(LookAgain, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            endWaiters.Leave(id);
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = DefaultLimit;
        if (query["limit"].ToString() is { Length: > 0 } limitText && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            throw ProblemException.BadQuery("limit", $"must be a whole number from 1 to {MaxLimit}");
        }
        JobState? state = null;
        if (query["state"].ToString() is { Length: > 0 } stateText && (state = JobStateNames.Parse(stateText)) is null)
        {
            throw ProblemException.BadQuery("state", "must be queued, scheduled, running, done, failed or cancelled");
        }
        var jobs = await table.ListAsync(new JobQuery(state, Text("command"), Text("worker"), Cursor.Read(query["cursor"].ToString()), limit + 1));
        var hasMore = jobs.Count > limit;
        if (hasMore) jobs.RemoveAt(limit);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("jobs");
            foreach (var job in jobs) JobJson.WriteSummary(json, job, clock);
            json.WriteEndArray();
            json.WriteString("next", hasMore ? Cursor.Write(jobs[^1].Seq) : null);
            json.WriteEndObject();
        });

        string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;
    }

    private async Task CancelAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        string? reason = null;
        if (body.Length > 0)
        {
            var field = RequestBody.Parse(context, body, "reason")[0];
            var errors = new FieldErrors();
            if (field.Type != JsonTokenType.Null) reason = errors.OptionalText("reason", field) is { } text ? Encoding.UTF8.GetString(text).Trim() : null;
            if (reason?.Length > MaxReasonLength) errors.Add("reason", $"must have at most {MaxReasonLength} characters", "too_long");
            errors.Check();
        }
        var reply = await grains.Job(id).ApplyAsync(new CancelRequested(clock.Wall, string.IsNullOrEmpty(reason) ? null : reason)) ?? throw ProblemException.JobNotFound();
        if (reply.Refusal == Refusal.None) await news.PublishAsync(reply.Job);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("status", reply.Job.Status);
            json.WriteBoolean("cancel_requested", reply.Job.CancelRequested);
            if (reply.Refusal == Refusal.AlreadyEnded) json.WriteString("note", $"already {reply.Job.State.Name()}; cancel ignored");
            json.WriteEndObject();
        });
    }

    /// <summary>The place in a list after which the next page begins.</summary>
    private static class Cursor
    {
        public static string Write(long seq) => Convert.ToHexStringLower(BitConverter.GetBytes(seq));

        public static long? Read(string text)
        {
            if (text.Length == 0) return null;
            var bytes = new byte[sizeof(long)];
            return Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == bytes.Length
                ? BitConverter.ToInt64(bytes)
                : throw ProblemException.BadQuery("cursor", "must be the 'next' of the page before");
        }
    }
}
