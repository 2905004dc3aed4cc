using System.Globalization;
using System.Text;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a worker's token opens: claiming jobs and saying what became of them.</summary>
internal sealed class WorkerApi(BrokerGrains grains, Claims claims, NewsDesk news, Clock clock, BrokerOptions options)
{
    private const string UnknownError = "unknown";

    public void Map(IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/jobs").WithMetadata(RequiredToken.Worker(options));
        jobs.MapGet("/next", (RequestDelegate)claims.NextAsync);
        jobs.MapPost("/{id}/result", (RequestDelegate)ResultAsync);
        jobs.MapPost("/{id}/fail", (RequestDelegate)FailAsync);
        jobs.MapPost("/{id}/heartbeat", (RequestDelegate)HeartbeatAsync);
        jobs.MapPost("/{id}/release", (RequestDelegate)ReleaseAsync);
    }

    private async Task ResultAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxResultBytes + BrokerOptions.EnvelopeBytes);
        var errors = new FieldErrors();
        var result = errors.Text("result", RequestBody.Parse(context, body, "result")[0]);
        errors.Check();
        if (result.Length > options.MaxResultBytes)
        {
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
                $"the result has {result.Length} bytes; the limit is {options.MaxResultBytes}. Send less, or raise {BrokerVariables.MaxResultBytes}");
        }
        var reply = await ApplyAsync(id, new Finished(clock.Wall, RequestParts.LeaseToken(context), RequestParts.WorkerId(context), result));
        await AcknowledgeAsync(context, reply.Job, reply.Refusal == Refusal.AlreadyEnded && reply.Job.State != JobState.Done ? "already failed; result ignored" : null);
    }

    private async Task FailAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var errors = new FieldErrors();
        var text = errors.OptionalText("error", RequestBody.Parse(context, body, "error")[0]);
        errors.Check();
        var error = text is null ? "" : Encoding.UTF8.GetString(text).Trim();
        var reply = await ApplyAsync(id, new Failed(clock.Wall, RequestParts.LeaseToken(context), RequestParts.WorkerId(context), error.Length == 0 ? UnknownError : error));
        await AcknowledgeAsync(context, reply.Job, reply.Refusal == Refusal.AlreadyEnded && reply.Job.State == JobState.Done ? "already done; fail ignored" : null);
    }

    private async Task ReleaseAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var reply = await ApplyAsync(id, new Released(clock.Wall, RequestParts.LeaseToken(context), RequestParts.WorkerId(context)));
        await AcknowledgeAsync(context, reply.Job, reply.Refusal == Refusal.AlreadyEnded ? $"already {reply.Job.Status}; release ignored" : null);
    }

    private async Task HeartbeatAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var until = clock.SteadyNow.Milliseconds + options.LeaseMs;
        var reply = await ApplyAsync(id, new Heartbeat(clock.Wall, RequestParts.LeaseToken(context), RequestParts.WorkerId(context), until));
        if (reply.Refusal != Refusal.None) throw NotHeld(reply.Job);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("status", reply.Job.Status);
            json.WriteNumber("lease_until", JobJson.LeaseUntil(reply.Job, clock)!.Value);
            json.WriteNumber("lease_seconds", options.LeaseSeconds);
            json.WriteBoolean("cancel_requested", reply.Job.CancelRequested);
            json.WriteEndObject();
        });
    }

    /// <summary>Lets the event happen, hands its news on, and refuses what is not the sender's to say.</summary>
    private async Task<JobReply> ApplyAsync(Guid id, HolderEvent e)
    {
        var reply = await grains.Job(id).ApplyAsync(e) ?? throw ProblemException.JobNotFound();
        switch (reply.Refusal)
        {
            case Refusal.None:
                await news.PublishAsync(reply.Job);
                break;
            case Refusal.LeaseLost:
                throw Conflict(ErrorCodes.LeaseLost, "the lease token is not the job's newest: the lease ran out, or another worker has claimed the job since", reply.Job);
            case Refusal.WrongWorker:
                throw Conflict(ErrorCodes.WrongWorker, "another worker holds this job", reply.Job);
            case Refusal.NotRunning when e is Heartbeat or Released:
                throw NotHeld(reply.Job);
            case Refusal.NotRunning:
                throw new ProblemException(StatusCodes.Status400BadRequest, ErrorCodes.NotRunning, $"job not in running state: {reply.Job.Status}");
        }
        return reply;
    }

    private static ProblemException NotHeld(Job job) => Conflict(ErrorCodes.NotRunning, "no worker holds this job", job);

    private static ProblemException Conflict(string code, string why, Job job) =>
        new(StatusCodes.Status409Conflict, code, string.Create(CultureInfo.InvariantCulture, $"{why} (it is {job.State.Name()}, attempt {job.Attempt}); nothing was changed")) { State = job.State.Name() };

    private static Task AcknowledgeAsync(HttpContext context, Job job, string? note) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("ok", true);
        json.WriteString("status", job.Status);
        if (note is not null) json.WriteString("note", note);
        json.WriteEndObject();
    });
}
