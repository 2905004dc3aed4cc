using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;

namespace OpenClaw.Broker.Jobs;

/// <summary>What became of many jobs at once. Each has an outcome of its own; their writes share a commit.</summary>
internal sealed class ResultsApi(JobCalls calls, Ends ends, Errors errors)
{
    private const int Most = 100;
    private const int MaxBytes = 16 << 20;
    private const int MaxTokenBytes = 128;
    private const string Shape = "an object of id, lease_token, and result or error";

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/jobs/results", (RequestDelegate)EndAsync).RequireAuthorization(Rights.HoldJobs);

    private async Task EndAsync(HttpContext context)
    {
        var worker = context.GetWorkerId();
        var body = await RequestBody.ReadAsync(context, MaxBytes);
        var field = RequestBody.Parse(context, body, "results")[0];
        var wrong = new FieldErrors();
        if (field.Type != JsonTokenType.StartArray) wrong.Add("results", $"must be a list of 1 to {Most}, each {Shape}", "list_type");
        wrong.Check();
        var items = RequestBody.Items(field.Json);
        if (items.Count is 0 or > Most) wrong.Add("results", $"has {items.Count} entries; there may be 1 to {Most}", "list_length");
        wrong.Check();
        var outcomes = await Task.WhenAll(items.Select((item, n) => EndAsync(item, n, worker, context)));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("results");
            foreach (var outcome in outcomes)
            {
                json.WriteStartObject();
                json.WriteString("id", outcome.Id);
                json.WriteBoolean("ok", outcome.Problem is null);
                if (outcome.Problem is { } problem)
                {
                    json.WritePropertyName("error");
                    Answer.WriteProblem(json, problem, null);
                }
                else
                {
                    Ends.Write(json, outcome.Reply!, outcome.Event!);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task<Outcome> EndAsync(ReadOnlyMemory<byte> json, int n, string? worker, HttpContext context)
    {
        string? name = null;
        try
        {
            var wrong = new FieldErrors("results", n.ToString(CultureInfo.InvariantCulture));
            if (json.Span[0] != '{') wrong.Add([], $"must be {Shape}", "object_type");
            wrong.Check();
            var fields = RequestBody.ParseMembers(json, ["id", "lease_token", .. Ends.Result, .. Ends.Failure]);
            name = fields[0].Text is { } id ? Encoding.UTF8.GetString(id) : null;
            var token = Encoding.UTF8.GetString(wrong.Text("lease_token", fields[1], minBytes: 1, maxBytes: MaxTokenBytes));
            var (isResult, isError) = (fields[2].Type is not (JsonTokenType.None or JsonTokenType.Null), fields[3].Type is not JsonTokenType.None);
            if (isResult && isError) wrong.Add("error", "can't come with result: send the one or the other", "both");
            wrong.Check();
            if (!RequestParts.IsJobId(name, out var job)) throw ProblemException.JobNotFound();
            HolderEvent e = isError ? ends.ReadFailure(fields.AsSpan(3), token, worker, wrong) : ends.ReadResult(fields[2], token, worker, wrong);
            var reply = await calls.ApplyAsync(job, e);
            return Ends.Refuse(reply, e) is { } refused ? new Outcome(name, null, null, refused) : new Outcome(name, reply, e, null);
        }
        catch (Exception e)
        {
            return new Outcome(name, null, null, errors.Translate(e, context.TraceIdentifier));
        }
    }

    /// <param name="Id">As it was sent.</param>
    private sealed record Outcome(string? Id, JobReply? Reply, HolderEvent? Event, ProblemException? Problem);
}
