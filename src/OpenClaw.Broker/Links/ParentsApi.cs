using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Links;

/// <summary>Gives the worker that has a job the results of those that it depends on.</summary>
internal sealed class ParentsApi(IJobStore store)
{
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/jobs/{id}/parents", (RequestDelegate)GetAsync).RequireAuthorization(Rights.HoldJobs);

    private async Task GetAsync(HttpContext context)
    {
        var job = await store.FindAsync(RequestParts.JobId(context)) ?? throw ProblemException.JobNotFound();
        if (RequestParts.LeaseToken(context) is not { } token || token != job.LeaseToken)
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.LeaseLost,
                $"{HeaderNames.LeaseToken} must be the job's newest: its parents are for the worker that has it") { State = job.State.Name() };
        }
        using var answer = Answer.Rent();
        answer.Json.WriteStartObject();
        answer.Json.WriteStartArray("parents");
        foreach (var parent in job.DependsOn)
        {
            if (await store.FindWithTextsAsync(parent.Id) is not { } texts) continue;
            Answer.Hold(context, texts.Result?.Length ?? 0);
            answer.Json.WriteStartObject();
            answer.Json.WriteString("id", parent.Id);
            answer.Json.WriteString("status", texts.Job.Status);
            await answer.WriteTextAsync(context, "result", texts.Result);
            answer.Json.WriteEndObject();
        }
        answer.Json.WriteEndArray();
        answer.Json.WriteEndObject();
        await answer.SendAsync(context);
    }
}
