using System.Text;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Approvals;

/// <summary>Shows what waits for a person's yes, and takes the yes or the no.</summary>
internal sealed class ApprovalsApi(JobCalls calls, IJobStore store, IStore rows, Approvers approvers, IDefinitions definitions,
    BrokerOptions options)
{
    private const int Page = 100;
    private const int DigestLength = 64;

    private static readonly string WaitingSql = $"select {JobTable.Rows.Select("j")} from job j where j.approval is not null and j.state = 'held' "
        + "and j.seq > ?1 and exists (select 1 from json_each(j.holds) h where h.value ->> 'kind' = 'approval') order by j.seq limit ?2";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/approvals", (RequestDelegate)ListAsync).RequireAuthorization(Rights.Approve);
        var jobs = routes.MapGroup("/jobs/{id}").RequireAuthorization(Rights.Approve);
        jobs.MapPost("/approve", (RequestDelegate)(context => DecideAsync(context, isYes: true)));
        jobs.MapPost("/deny", (RequestDelegate)(context => DecideAsync(context, isYes: false)));
    }

    private async Task ListAsync(HttpContext context)
    {
        var after = Cursor.Read(context.Request.Query["cursor"].ToString()) ?? 0;
        var jobs = await rows.ReadAsync(new Query<Job>(WaitingSql, JobTable.Rows.Read, after, Page + 1), context.RequestAborted);
        var next = jobs.Count > Page ? Cursor.Write(jobs[Page - 1].Seq) : null;
        using var answer = Answer.Rent();
        answer.Json.WriteStartObject();
        answer.Json.WriteStartArray("approvals");
        foreach (var job in jobs.Take(Page)) await WriteAsync(context, answer, job);
        answer.Json.WriteEndArray();
        answer.Json.WriteString("next", next);
        answer.Json.WriteEndObject();
        await answer.SendAsync(context);
    }

    private async Task WriteAsync(HttpContext context, Answer answer, Job job)
    {
        if (await store.FindWithTextsAsync(job.Id) is not { } texts || DecisionRules.Deadline(texts.Job) is not { } until) return;
        (job, var json) = (texts.Job, answer.Json);
        Answer.Hold(context, texts.Payload.Length);
        json.WriteStartObject();
        json.WriteString("id", job.Id);
        json.WriteString("command", job.Command);
        await answer.WriteTextAsync(context, "payload", texts.Payload);
        json.WriteString("queue", job.Queue);
        json.WriteString("requires", job.Requires);
        json.WriteString("requester", job.Requester);
        json.WriteString("made_by", job.MadeBy ?? Token.BotName);
        json.WriteString("schedule", job.Schedule);
        var definition = definitions.Of(job.Command);
        json.WriteString("worker_definition", definition);
        json.WriteString("digest", Approved.DigestOf(job, texts.Payload, definition));
        json.WriteString("note", job.Approval!.Note);
        if (job.Approval.By is { } by)
        {
            json.WriteStartArray("by");
            foreach (var name in by) json.WriteStringValue(name);
            json.WriteEndArray();
        }
        else
        {
            json.WriteNull("by");
        }
        json.WriteNumber("held_since", (until - job.Approval.TimeoutMs) / 1000);
        json.WriteNumber("until", until / 1000);
        json.WriteEndObject();
    }

    private async Task DecideAsync(HttpContext context, bool isYes)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var errors = new FieldErrors();
        var fields = RequestBody.Parse(context, body, "digest", "comment");
        var digest = Encoding.UTF8.GetString(errors.Text("digest", fields[0], DigestLength, DigestLength));
        var comment = JobFields.Reason(fields[1], errors, "comment");
        errors.Check();
        var caller = context.GetCaller();
        if (await store.FindWithTextsAsync(id) is not { } texts) throw ProblemException.JobNotFound();
        var job = texts.Job;
        if (job.Approval is not { } approval || DecisionRules.Deadline(job) is null) throw Conflict(Refusal.AlreadyDecided, job);
        if (!Approvers.IsAsked(caller, approval))
        {
            throw new ProblemException(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden,
                $"this job asks {string.Join(", ", approval.By!)}, not '{caller.Name}'");
        }
        if (isYes && approvers.IsRefusedOwn(caller, job))
        {
            throw new ProblemException(StatusCodes.Status403Forbidden, ErrorCodes.OwnJob,
                $"it is '{caller.Name}''s own job; somebody else has to approve it (APPROVE_OWN says who may)");
        }
        if (digest != Approved.DigestOf(job, texts.Payload, definitions.Of(job.Command))) throw Conflict(Refusal.DigestChanged, job);
        var decision = new Decision(calls.Now, caller.Name, isYes, digest, job.PayloadVersion, job.Queue, comment);
        var reply = await calls.ApplyAsync(id, decision) ?? throw ProblemException.JobNotFound();
        if (reply.Refusal != Refusal.None) throw Conflict(reply.Refusal, reply.Job);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("state", reply.Job.State.Name());
            json.WriteEndObject();
        });
    }

    private static ProblemException Conflict(Refusal refusal, Job job) => refusal == Refusal.DigestChanged
        ? new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.DigestChanged,
            "the job is not what the digest was made of, or has changed since; read it again: GET /approvals") { State = job.State.Name() }
        : new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.AlreadyDecided,
            $"nobody is asked about this job any more (it is {job.State.Name()}); nothing was changed") { State = job.State.Name() };
}
