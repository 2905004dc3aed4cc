using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a worker's token opens: claiming jobs and saying what became of them.</summary>
internal sealed class WorkerApi(JobCalls calls, BrokerOptions options)
{
    private const string UnknownError = "unknown";

    public void Map(IEndpointRouteBuilder routes)
    {
        var ends = routes.MapGroup("/jobs").RequireAuthorization(Rights.Work).WithMetadata(new OfContract());
        ends.MapPost("/{id}/result", (RequestDelegate)ResultAsync);
        ends.MapPost("/{id}/fail", (RequestDelegate)FailAsync);
        var holds = routes.MapGroup("/jobs").RequireAuthorization(Rights.HoldJobs);
        holds.MapPost("/{id}/heartbeat", (RequestDelegate)HeartbeatAsync);
        holds.MapPost("/{id}/release", (RequestDelegate)ReleaseAsync);
    }

    private async Task ResultAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxResultBytes + BrokerOptions.EnvelopeBytes);
        var errors = new FieldErrors();
        var result = errors.Text("result", RequestBody.Parse(context, body, "result")[0]);
        errors.Check();
        CheckLength("result", result);
        var (sender, worker) = (RequestParts.LeaseToken(context), context.GetWorkerId());
        await AnswerAsync(context, id, new Finished(calls.Now, sender, worker, result), static job =>
            job.State == JobState.Done ? null : "already failed; result ignored");
    }

    private async Task FailAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxResultBytes + BrokerOptions.EnvelopeBytes);
        var errors = new FieldErrors();
        var fields = RequestBody.Parse(context, body, "error", "retryable", "retry_after_seconds");
        var text = errors.OptionalText("error", fields[0]);
        var isRetryable = fields[1].Type is JsonTokenType.None or JsonTokenType.Null || errors.Flag("retryable", fields[1]);
        var retryAfter = errors.Seconds("retry_after_seconds", fields[2], JobFields.MaxSeconds, min: 0);
        errors.Check();
        CheckLength("error", text);
        var error = text is null ? "" : Encoding.UTF8.GetString(text).Trim();
        var failed = new Failed(calls.Now, RequestParts.LeaseToken(context), context.GetWorkerId(), error.Length == 0 ? UnknownError : error)
        {
            IsRetryable = isRetryable,
            RetryAfterMs = retryAfter,
            Chance = Random.Shared.NextDouble(),
        };
        await AnswerAsync(context, id, failed, static (json, reply) =>
        {
            if (reply.Refusal == Refusal.AlreadyEnded && reply.Job.State == JobState.Done) json.WriteString("note", "already done; fail ignored");
            if (reply.Job.State == JobState.Scheduled) json.WriteNumber("run_at", reply.Job.RunAt!.Value / 1000);
        });
    }

    private async Task ReleaseAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var released = new Released(calls.Now, RequestParts.LeaseToken(context), context.GetWorkerId());
        if (body.Length > 0)
        {
            var errors = new FieldErrors();
            var fields = RequestBody.Parse(context, body, "delay_seconds", "reason", "hold");
            var delay = errors.Seconds("delay_seconds", fields[0], JobFields.MaxSeconds, min: 0) ?? 0;
            if (fields[2].Type is not (JsonTokenType.None or JsonTokenType.Null) && !(fields[2].Text is { } word && word.AsSpan().SequenceEqual("approval"u8)))
            {
                errors.Add("hold", "must be \"approval\": a person has to say yes", "enum");
            }
            released = released with
            {
                DelayMs = delay, Reason = JobFields.Reason(fields[1], errors), NeedsApproval = fields[2].Text is not null,
            };
            errors.Check();
        }
        await AnswerAsync(context, id, released, static job => $"already {job.Status}; release ignored");
    }

    private async Task HeartbeatAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var heartbeat = new Heartbeat(calls.Now, RequestParts.LeaseToken(context), context.GetWorkerId(), calls.Now + options.LeaseMs);
        await AnswerAsync(context, id, heartbeat, (json, reply) =>
        {
            json.WriteNumber("lease_until", reply.Job.LeaseUntil!.Value / 1000);
            json.WriteNumber("lease_seconds", options.LeaseSeconds);
            json.WriteBoolean("cancel_requested", reply.Job.CancelRequested);
        });
    }

    /// <summary>As below, with a note on an event that came after the job's end.</summary>
    private Task AnswerAsync(HttpContext context, Guid id, HolderEvent e, Func<Job, string?> note) => AnswerAsync(context, id, e, (json, reply) =>
    {
        if (reply.Refusal == Refusal.AlreadyEnded && note(reply.Job) is { } said) json.WriteString("note", said);
    });

    /// <summary>Lets the event happen and says so, or why not.</summary>
    /// <param name="writeMore">Writes what the answer has after <c>ok</c> and <c>status</c>.</param>
    private async Task AnswerAsync(HttpContext context, Guid id, HolderEvent e, Action<Utf8JsonWriter, JobReply> writeMore)
    {
        var reply = await calls.ApplyAsync(id, e);
        if (Refuse(reply, e) is { } refused)
        {
            await Answer.SendProblemAsync(context, refused);
            return;
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("status", reply!.Job.Status);
            writeMore(json, reply);
            json.WriteEndObject();
        });
    }

    /// <summary>The answer to what is not the sender's to say; null where there is nothing to refuse.</summary>
    private static ProblemException? Refuse(JobReply? reply, HolderEvent e) => reply?.Refusal switch
    {
        null => ProblemException.JobNotFound(),
        Refusal.LeaseLost => Conflict(ErrorCodes.LeaseLost,
            "the lease token is not the job's newest: the lease ran out, or another worker has claimed the job since", reply.Job),
        Refusal.WrongWorker => Conflict(ErrorCodes.WrongWorker, "this worker does not hold the job", reply.Job),
        Refusal.NotRunning when e is Finished && reply.Job.Attempt == 0 =>
            new ProblemException(StatusCodes.Status400BadRequest, ErrorCodes.NotRunning, $"job not in running state: {reply.Job.Status}"),
        Refusal.NotRunning => NotHeld(reply.Job),
        not Refusal.None when e is Heartbeat => NotHeld(reply.Job),
        _ => null,
    };

    private void CheckLength(string name, byte[]? text)
    {
        if (text?.Length > options.MaxResultBytes)
        {
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
                $"the {name} has {text.Length} bytes; the limit is {options.MaxResultBytes}. Send less, or raise {BrokerVariables.MaxResultBytes}");
        }
    }

    private static ProblemException NotHeld(Job job) => Conflict(ErrorCodes.NotRunning, "no worker holds this job", job);

    private static ProblemException Conflict(string code, string why, Job job) =>
        new(StatusCodes.Status409Conflict, code,
            string.Create(CultureInfo.InvariantCulture, $"{why} (it is {job.State.Name()}, attempt {job.Attempt}); nothing was changed"))
        {
            State = job.State.Name(),
        };
}
