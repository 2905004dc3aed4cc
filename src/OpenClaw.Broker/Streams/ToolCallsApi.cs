using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Streams;

/// <summary>What running jobs ask, and what they are answered.</summary>
internal sealed class ToolCallsApi(StreamCalls streams, IStore store, JobCalls calls)
{
    private const int MaxBytes = 1 << 20;
    private const int MaxNameBytes = 256;
    private const int DefaultLimit = 10;
    private const int MaxLimit = 100;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/jobs/{id}/tool_calls", (RequestDelegate)AskAsync).RequireAuthorization(Rights.HoldJobs);
        routes.MapGet("/jobs/{id}/tool_calls", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ListJobs);
        routes.MapGet("/tool_calls/{call}", (RequestDelegate)GetAsync).RequireAuthorization(Rights.HoldJobs);
        var answers = routes.MapGroup("/tool_calls/{call}").RequireAuthorization(Rights.ChangeJobs);
        answers.MapPost("/result", (RequestDelegate)(context => EndAsync(context, "result", ToolCallStatuses.Completed)));
        answers.MapPost("/fail", (RequestDelegate)(context => EndAsync(context, "error", ToolCallStatuses.Failed)));
    }

    private async Task AskAsync(HttpContext context)
    {
        var job = await streams.FindAsync(RequestParts.JobId(context), context.GetCaller());
        var body = await RequestBody.ReadAsync(context, MaxBytes);
        var fields = RequestBody.Parse(context, body, "tool_name", "tool_args");
        var errors = new FieldErrors();
        var name = Encoding.UTF8.GetString(errors.Text("tool_name", fields[0], 1, MaxNameBytes));
        if (name.Any(char.IsControl)) errors.Add("tool_name", "has a control character", "string_type");
        var hasArguments = fields[1].Type is not (JsonTokenType.None or JsonTokenType.Null);
        if (hasArguments && fields[1].Type != JsonTokenType.StartObject) errors.Add("tool_args", "must be an object", "object_type");
        errors.Check();
        if (RequestParts.LeaseToken(context) is { } token && token != job.LeaseToken) throw Ends.LeaseLost(job);
        var insert = new ToolCallInsert(job, name, hasArguments ? ChunksApi.InOneLine(fields[1].Json) : null, calls.Now);
        if (await store.WriteAsync(new Commit([insert], isEssential: false)) is not null)
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, ErrorCodes.NotRunning, $"job not in running state: {job.Status}");
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteNumber("tool_call_id", insert.Id);
            json.WriteEndObject();
        });
    }

    private async Task ListAsync(HttpContext context)
    {
        var job = await streams.FindAsync(RequestParts.JobId(context), context.GetCaller());
        var query = context.Request.Query;
        var limit = (int)ChunksApi.Number(query["limit"].ToString(), "limit", DefaultLimit, 1, MaxLimit);
        var status = query["status"].ToString() is { Length: > 0 } text ? text : ToolCallStatuses.Pending;
        var found = await store.ReadAsync(ToolCallTable.OfJob(job.Seq, status, limit), context.RequestAborted);
        Answer.Hold(context, found.Sum(static c => c.Arguments?.Length ?? 0L));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tool_calls");
            foreach (var call in found)
            {
                json.WriteStartObject();
                WriteHead(json, call);
                json.WriteNumber("requested_at", call.RequestedAt / 1000);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("count", found.Count);
            json.WriteEndObject();
        });
    }

    private async Task GetAsync(HttpContext context)
    {
        var call = await FindAsync(context);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("id", call.Id);
            json.WriteString("job_id", call.Job);
            json.WriteString("tool_name", call.Name);
            ChunksApi.WriteRaw(json, "tool_args", call.Arguments);
            json.WriteString("status", call.Status);
            if (call.Result is null) json.WriteNull("result");
            else json.WriteString("result", call.Result);
            json.WriteNumber("requested_at", call.RequestedAt / 1000);
            if (call.CompletedAt is { } at) json.WriteNumber("completed_at", at / 1000);
            else json.WriteNull("completed_at");
            json.WriteEndObject();
        });
    }

    /// <param name="member">Where the answer's text is.</param>
    private async Task EndAsync(HttpContext context, string member, string status)
    {
        var call = await FindAsync(context);
        var body = await RequestBody.ReadAsync(context, MaxBytes);
        var errors = new FieldErrors();
        var text = errors.Text(member, RequestBody.Parse(context, body, member)[0]);
        errors.Check();
        // The first answer stands; who comes later is told what it was.
        if (await store.WriteAsync(new Commit([new ToolCallEnd(call.Id, status, text, calls.Now)], isEssential: true)) is not null)
        {
            status = (await FindAsync(context)).Status;
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("status", status);
            json.WriteEndObject();
        });
    }

    /// <exception cref="ProblemException">404: there is none of a job that the caller may see.</exception>
    private async Task<ToolCall> FindAsync(HttpContext context)
    {
        if (long.TryParse((string)context.Request.RouteValues["call"]!, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && (await store.ReadAsync(ToolCallTable.Find(id))).FirstOrDefault() is { } call)
        {
            await streams.FindAsync(call.Job, context.GetCaller());
            return call;
        }
        throw new ProblemException(StatusCodes.Status404NotFound, ErrorCodes.NotFound, "tool call not found");
    }

    private static void WriteHead(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteNumber("id", call.Id);
        json.WriteString("tool_name", call.Name);
        ChunksApi.WriteRaw(json, "tool_args", call.Arguments);
        json.WriteString("status", call.Status);
    }
}
