using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a bot's token opens: creating, reading, listing, cancelling and deleting jobs.</summary>
internal sealed class JobsApi(
    JobCalls calls, IJobStore store, EndWaiters endWaiters, TimeProvider time, BrokerOptions options, IHostApplicationLifetime lifetime)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;
    private const int MaxCommandBytes = 256;
    private const int MaxReasonBytes = 1000;
    private const int RetrySeconds = 60;
    private const string KeyScope = "bot POST /jobs";
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs/{id}", (RequestDelegate)GetAsync).RequireAuthorization(Policies.BotOrWorker);
        var jobs = routes.MapGroup("/jobs").RequireAuthorization(Policies.Bot);
        jobs.MapPost("", (RequestDelegate)CreateAsync);
        jobs.MapGet("", (RequestDelegate)ListAsync);
        jobs.MapPost("/{id}/cancel", (RequestDelegate)CancelAsync);
        jobs.MapDelete("/{id}", (RequestDelegate)DeleteAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var key = RequestParts.IdempotencyKey(context);
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        var job = Read(context, body, key);
        var earlier = job.Key is null ? null : await store.FindKeyAsync(job.Key.Scope, job.Key.Key);
        var created = earlier is null ? await CreateAsync(job) : new Created(null, earlier);
        if (created.EarlierUse is { } use && !CryptographicOperations.FixedTimeEquals(use.BodyHash, job.Key!.BodyHash))
        {
            throw new ProblemException(ErrorCodes.IdempotencyMismatch,
                [new FieldError(["header", HeaderNames.IdempotencyKey], "this key came with another body before; use a new key for a new job",
                    "idempotency_mismatch")]);
        }
        var id = created.Job?.Id ?? created.EarlierUse!.JobId;
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("status", JobStatuses.Queued);
            json.WriteEndObject();
        });
    }

    private async Task<Created> CreateAsync(NewJob job)
    {
        try
        {
            return await calls.CreateAsync(job);
        }
        catch (TooManyQueuesException e)
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.TooManyQueues, e.Message) { RetryAfter = RetrySeconds };
        }
    }

    private NewJob Read(HttpContext context, byte[] body, string? key)
    {
        var fields = RequestBody.Parse(context, body, "command", "payload", "requires", "queue");
        var errors = new FieldErrors();
        var command = errors.Text("command", fields[0], minBytes: 1, maxBytes: MaxCommandBytes);
        var payload = errors.Text("payload", fields[1]);
        var (requires, lane) = Requires.Read(fields[2], errors);
        var queue = Queue(fields[3], errors);
        errors.Check();
        if (payload.Length > options.MaxPayloadBytes)
        {
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
                $"the payload has {payload.Length} bytes; the limit is {options.MaxPayloadBytes}. Send less, or raise {BrokerVariables.MaxPayloadBytes}");
        }
        return new NewJob(queue, Encoding.UTF8.GetString(command), payload, requires, lane, calls.Now, key is null ? null
            : new IdempotencyKey(KeyScope, key, SHA256.HashData(body), calls.SteadyNow));
    }

    private static string Queue(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null || errors.OptionalText("queue", field) is not { } text) return QueueNames.Default;
        var name = Encoding.UTF8.GetString(text);
        if (!QueueNames.IsValid(name)) errors.Add("queue", QueueNames.Rule, "queue_name");
        return name;
    }

    private async Task GetAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var wait = RequestParts.Wait(context);
        var found = await store.FindWithTextsAsync(id);
        if (found is { Job.IsFinal: false } && wait > TimeSpan.Zero) found = await WaitForEndAsync(id, wait, context.RequestAborted);
        if (found is not { } texts) throw ProblemException.JobNotFound();
        using var answer = Answer.Rent();
        await JobJson.WriteAsync(context, answer, texts, leaseSeconds: null);
        await answer.SendAsync(context);
    }

    private async Task<JobTexts?> WaitForEndAsync(Guid id, TimeSpan wait, CancellationToken aborted)
    {
        var ended = endWaiters.Join(id);
        try
        {
            using var deadline = new CancellationTokenSource(wait, time);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted, lifetime.ApplicationStopping);
            while (true)
            {
                var found = await store.FindWithTextsAsync(id);
                if (found is not { Job.IsFinal: false } || stop.IsCancellationRequested) return found;
                await ended.WaitAsync(LookAgain, time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        if (query["limit"].ToString() is { Length: > 0 } limitText
            && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            throw ProblemException.BadQuery("limit", $"must be a whole number from 1 to {MaxLimit}");
        }
        var states = States(query["state"].ToString());
        var (jobs, searchedUntil) = await store.ListAsync(
            new JobQuery(states, Text("command"), Text("queue"), Text("worker"), Cursor.Read(query["cursor"].ToString()), limit + 1), context.RequestAborted);
        var hasMore = jobs.Count > limit;
        if (hasMore) jobs.RemoveAt(limit);
        var next = hasMore ? jobs[^1].Seq : searchedUntil;
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("jobs");
            foreach (var job in jobs) JobJson.WriteSummary(json, job);
            json.WriteEndArray();
            json.WriteString("next", next is { } after ? Cursor.Write(after) : null);
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
            if (field.Type != JsonTokenType.Null) reason = errors.OptionalText("reason", field, MaxReasonBytes) is { } text
                ? Encoding.UTF8.GetString(text).Trim() : null;
            errors.Check();
        }
        var reply = await calls.ApplyAsync(id, new CancelRequested(calls.Now, string.IsNullOrEmpty(reason) ? null : reason))
            ?? throw ProblemException.JobNotFound();
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

    private async Task DeleteAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var reply = await calls.ApplyAsync(id, new Deleted(calls.Now)) ?? throw ProblemException.JobNotFound();
        if (reply.Refusal == Refusal.NotEnded)
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.NotEnded,
                $"the job has not ended (it is {reply.Job.State.Name()}); cancel it first: POST /jobs/{id}/cancel")
            {
                State = reply.Job.State.Name(),
            };
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("id", id);
            json.WriteEndObject();
        });
    }

    /// <summary>A comma list of states; empty for all.</summary>
    private static JobState[] States(string list) => list.Length == 0 ? [] : [.. list.Split(',').Select(static name => JobStateNames.Parse(name)
        ?? throw ProblemException.BadQuery("state",
            "must be one or several, separated by commas, of queued, scheduled, held, running, done, failed and cancelled"))];

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
