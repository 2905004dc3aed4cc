using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a worker's token opens: claiming jobs and saying what became of them.</summary>
internal sealed class WorkerApi(JobCalls calls, Ends ends, BrokerOptions options)
{
    private const int MaxHeartbeatBytes = 80 << 10;
    private const int MaxMessageBytes = 1000;
    private const int MaxDetailsBytes = 64 << 10;

    public void Map(IEndpointRouteBuilder routes)
    {
        var work = routes.MapGroup("/jobs").RequireAuthorization(Rights.Work).WithMetadata(new OfContract());
        work.MapPost("/{id}/result", (RequestDelegate)ResultAsync);
        work.MapPost("/{id}/fail", (RequestDelegate)FailAsync);
        var holds = routes.MapGroup("/jobs").RequireAuthorization(Rights.HoldJobs);
        holds.MapPost("/{id}/heartbeat", (RequestDelegate)HeartbeatAsync);
        holds.MapPost("/{id}/release", (RequestDelegate)ReleaseAsync);
    }

    private async Task ResultAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxResultBytes + BrokerOptions.EnvelopeBytes);
        var fields = RequestBody.Parse(context, body, Ends.Result);
        await AnswerAsync(context, id, ends.ReadResult(fields[0], RequestParts.LeaseToken(context), context.GetWorkerId(), new FieldErrors()));
    }

    private async Task FailAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxResultBytes + BrokerOptions.EnvelopeBytes);
        var fields = RequestBody.Parse(context, body, Ends.Failure);
        await AnswerAsync(context, id, ends.ReadFailure(fields, RequestParts.LeaseToken(context), context.GetWorkerId(), new FieldErrors()));
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
        await AnswerAsync(context, id, released);
    }

    private async Task HeartbeatAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, MaxHeartbeatBytes);
        var heartbeat = new Heartbeat(calls.Now, RequestParts.LeaseToken(context), context.GetWorkerId(), calls.Now + options.LeaseMs);
        if (body.Length > 0) heartbeat = Read(heartbeat, RequestBody.Parse(context, body, "progress", "message", "details"));
        await AnswerAsync(context, id, heartbeat, (json, reply) =>
        {
            json.WriteNumber("lease_until", reply.Job.LeaseUntil!.Value / 1000);
            json.WriteNumber("lease_seconds", options.LeaseSeconds);
            json.WriteBoolean("cancel_requested", reply.Job.CancelRequested);
        });
    }

    private static Heartbeat Read(Heartbeat heartbeat, JsonField[] fields)
    {
        var errors = new FieldErrors();
        var percent = errors.Number("progress", fields[0], 0, 100);
        var message = fields[1].Type is JsonTokenType.Null ? null : errors.OptionalText("message", fields[1], MaxMessageBytes);
        var details = fields[2].Type is JsonTokenType.Null ? null : errors.OptionalText("details", fields[2], MaxDetailsBytes);
        errors.Check();
        var text = message is null ? null : Encoding.UTF8.GetString(message);
        return heartbeat with { Progress = percent is null && text is null ? null : new Progress(percent, text, heartbeat.Now), Details = details };
    }

    /// <summary>Lets the event happen and says so, or why not.</summary>
    /// <param name="writeMore">Writes what the answer has after <c>ok</c> and <c>status</c>.</param>
    private async Task AnswerAsync(HttpContext context, Guid id, HolderEvent e, Action<Utf8JsonWriter, JobReply>? writeMore = null)
    {
        var reply = await calls.ApplyAsync(id, e);
        if (Ends.Refuse(reply, e) is { } refused)
        {
            await Answer.SendProblemAsync(context, refused);
            return;
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            Ends.Write(json, reply!, e);
            writeMore?.Invoke(json, reply!);
            json.WriteEndObject();
        });
    }
}
