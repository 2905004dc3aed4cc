using System.Globalization;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What people do with jobs that wait or have ended: hold, snooze, edit and retry them; and what became of each.</summary>
internal sealed class JobChangesApi(
    JobCalls calls, JobReader reader, JobCreation creation, ChildRetries children, IJobStore store, BrokerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/jobs/{id}").RequireAuthorization(Rights.ChangeJobs);
        jobs.MapPatch("", (RequestDelegate)EditAsync);
        jobs.MapPost("/retry", (RequestDelegate)RetryAsync);
        jobs.MapPost("/hold", (RequestDelegate)HoldAsync);
        jobs.MapPost("/unhold", (RequestDelegate)UnholdAsync);
        jobs.MapPost("/snooze", (RequestDelegate)SnoozeAsync);
        routes.MapGet("/jobs/{id}/history", (RequestDelegate)HistoryAsync).RequireAuthorization(Rights.ListJobs);
    }

    private async Task HoldAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var reason = JobFields.ReadReason(context, body);
        await ApplyAsync(context, new HoldPlaced(calls.Now, context.GetCaller().Name, reason));
    }

    private async Task UnholdAsync(HttpContext context)
    {
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        await ApplyAsync(context, new HoldLifted(calls.Now, context.GetCaller().Name));
    }

    private async Task SnoozeAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var errors = new FieldErrors();
        var field = RequestBody.Parse(context, body, "seconds")[0];
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) errors.Add("seconds", "field required", "missing");
        var seconds = errors.Seconds("seconds", field, JobFields.MaxSeconds) ?? 0;
        errors.Check();
        await ApplyAsync(context, new Snoozed(calls.Now, context.GetCaller().Name, seconds));
    }

    private async Task EditAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        var errors = new FieldErrors();
        var fields = RequestBody.Parse(context, body, "payload", "priority", "run_at", "expires_in_seconds", "max_attempts", "tags", "queue");
        var edit = new JobEdit
        {
            Version = RequestParts.IfMatch(context),
            Payload = errors.OptionalText("payload", fields[0]),
            Priority = JobFields.Priority(fields[1], errors),
            RunAt = fields[2].Type == JsonTokenType.Null ? 0 : JobFields.RunAt(fields[2], errors),
            ExpiresInMs = fields[3].Type == JsonTokenType.Null ? 0 : errors.Seconds("expires_in_seconds", fields[3], JobFields.MaxSeconds),
            MaxAttempts = JobFields.MaxAttempts(fields[4], errors),
            Tags = JobFields.Tags(fields[5], errors),
            Queue = JobFields.Queue(fields[6], errors),
        };
        if (edit.Names.Length == 0)
        {
            errors.Add([], "names nothing to change; send payload, priority, run_at, expires_in_seconds, max_attempts, tags or queue", "missing");
        }
        errors.Check();
        if (edit.Payload is { } payload) reader.CheckPayload(payload);
        await ApplyAsync(context, new Edited(calls.Now, context.GetCaller().Name, edit));
    }

    private async Task RetryAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        byte[]? payload = null;
        var withChildren = false;
        if (body.Length > 0)
        {
            var errors = new FieldErrors();
            var fields = RequestBody.Parse(context, body, "payload", "children");
            if (fields[0].Type != JsonTokenType.Null) payload = errors.OptionalText("payload", fields[0]);
            withChildren = errors.Flag("children", fields[1]);
            if (payload is not null && withChildren) errors.Add("children", "can't come with a payload: a changed copy is nobody's parent", "both");
            errors.Check();
        }
        if (payload is not null) await CopyAsync(context, payload, body);
        else if (withChildren) await RetryFamilyAsync(context);
        else await ApplyAsync(context, new Retried(calls.Now, context.GetCaller().Name));
    }

    /// <summary>The job, and all that ended through it.</summary>
    private async Task RetryFamilyAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var job = await ChangeAsync(context, new Retried(calls.Now, caller.Name));
        var others = await children.RetryAsync(job, caller);
        await AnswerAsync(context, job, others);
    }

    /// <summary>A new job like one that has ended, with another payload.</summary>
    private async Task CopyAsync(HttpContext context, byte[] payload, byte[] body)
    {
        reader.CheckPayload(payload);
        var id = RequestParts.JobId(context);
        var caller = context.GetCaller();
        var key = IdempotencyKey.Of(context, $"POST /jobs/{id}/retry", body, calls.SteadyNow);
        if (await creation.FindEarlierAsync(key) is { } made)
        {
            await AnswerAsync(context, await FindAsync(made.JobId, caller), null);
            return;
        }
        var job = await FindAsync(id, caller);
        if (Refuse(JobRules.Next(job, new Retried(calls.Now, caller.Name)).Refusal, job) is { } refused) throw refused;
        JobReader.CheckCommand(caller, job.Command);
        var copy = new NewJob(job.Queue, job.Command, payload, job.Requires, job.Caps, caller.Person ?? job.Requester,
            new Maker(caller.MadeBy(), caller.Name, caller.Token.MaxQueued), calls.Now, key)
        {
            Priority = job.Priority,
            TimeoutMs = job.TimeoutMs,
            MaxAttempts = job.MaxAttempts,
            Backoff = job.Backoff,
            Tags = job.Tags,
            SerialKey = job.SerialKey,
            Approval = job.Approval,
            RetryOf = job.RetryOf ?? job.Id,
            Webhook = job.Webhook,
        };
        var created = await creation.CreateAsync(copy, caller);
        await AnswerAsync(context, created.Job ?? await FindAsync(created.EarlierUse!.JobId, caller), null);
    }

    private async Task HistoryAsync(HttpContext context)
    {
        var job = await FindAsync(RequestParts.JobId(context), context.GetCaller());
        var notes = await store.ReadNotesAsync(job.Seq);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("events");
            var n = 0;
            foreach (var note in JobHistory.Of(job, notes))
            {
                json.WriteStartObject();
                json.WriteNumber("n", ++n);
                json.WriteNumber("at", note.At / 1000);
                json.WriteString("event", note.Event);
                json.WriteString("state", note.State.Name());
                json.WriteString("actor", note.Actor);
                json.WriteNumber("round", note.Round);
                json.WriteNumber("attempt", note.Attempt);
                json.WriteString("detail", note.Detail);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task<Job> FindAsync(Guid id, Caller caller) =>
        await store.FindAsync(id) is { } job && caller.MaySee(job) ? job : throw ProblemException.JobNotFound();

    private async Task ApplyAsync(HttpContext context, PersonEvent e) => await AnswerAsync(context, await ChangeAsync(context, e), null);

    private async Task<Job> ChangeAsync(HttpContext context, PersonEvent e)
    {
        var id = RequestParts.JobId(context);
        if (context.GetCaller().SeesOwnAlone) await FindAsync(id, context.GetCaller());
        var reply = await (e is Edited edited ? calls.EditAsync(id, edited) : calls.ApplyAsync(id, e)) ?? throw ProblemException.JobNotFound();
        return Refuse(reply.Refusal, reply.Job) is { } refused ? throw refused : reply.Job;
    }

    /// <param name="children">Those that were retried with it.</param>
    private static Task AnswerAsync(HttpContext context, Job job, IReadOnlyList<Guid>? children) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("id", job.Id);
        json.WriteString("status", job.Status);
        json.WriteString("state", job.State.Name());
        json.WriteNumber("round", job.Round);
        json.WriteNumber("version", job.Version);
        if (children is not null)
        {
            json.WriteStartArray("children");
            foreach (var child in children) json.WriteStringValue(child);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    });

    private static ProblemException? Refuse(Refusal refusal, Job job) => refusal switch
    {
        Refusal.NotEnded => Conflict(ErrorCodes.NotEnded, $"the job has not ended (it is {job.State.Name()}); it needs no retry yet", job),
        Refusal.NotFailed => Conflict(ErrorCodes.NotFailed, "the job is done; make a new one to do it again", job),
        Refusal.NotWaiting => Conflict(ErrorCodes.NotWaiting, $"the job does not wait (it is {job.State.Name()}); only a waiting one can be changed", job),
        Refusal.NotHeldByPerson => Conflict(ErrorCodes.NotHeldByPerson, $"no person holds the job (it is {job.State.Name()})", job),
        Refusal.Duplicate => Conflict(ErrorCodes.Duplicate, $"another job has the unique key '{job.UniqueKey}' there by now; wait for its end", job),
        Refusal.Changed => new ProblemException(StatusCodes.Status412PreconditionFailed, ErrorCodes.Changed,
            string.Create(CultureInfo.InvariantCulture, $"the job is at version {job.Version} by now; read it again before you change it")),
        _ => null,
    };

    private static ProblemException Conflict(string code, string why, Job job) =>
        new(StatusCodes.Status409Conflict, code, why + "; nothing was changed") { State = job.State.Name() };
}
