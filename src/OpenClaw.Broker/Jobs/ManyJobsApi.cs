using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Retrying, cancelling and deleting many jobs at once, all that a filter finds.</summary>
internal sealed class ManyJobsApi(JobCalls calls, IJobStore store, BrokerOptions options)
{
    private const int Most = 1000;
    private const int AtOnce = 32;

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "retry", Rights.ChangeJobs, [JobState.Failed, JobState.Cancelled], static (now, by, _) => new Retried(now, by));
        Map(routes, "cancel", Rights.ChangeJobs, [JobState.Queued, JobState.Scheduled, JobState.Held, JobState.Running],
            static (now, by, reason) => new CancelRequested(now, reason, by));
        Map(routes, "delete", Rights.DeleteJobs, [JobState.Done, JobState.Failed, JobState.Cancelled], static (now, by, _) => new Deleted(now, by));
    }

    private void Map(IEndpointRouteBuilder routes, string name, string right, JobState[] states, Func<long, string, string?, PersonEvent> make) =>
        routes.MapPost($"/jobs/{name}", (RequestDelegate)(context => ChangeAsync(context, states, make))).RequireAuthorization(right);

    /// <param name="states">Those in which a job can be changed so.</param>
    private async Task ChangeAsync(HttpContext context, JobState[] states, Func<long, string, string?, PersonEvent> make)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var fields = RequestBody.Parse(context, body, "filter", "limit", "dry_run", "reason");
        var errors = new FieldErrors();
        if (fields[0].Type != JsonTokenType.StartObject)
        {
            errors.Add("filter", "must be an object with what GET /jobs takes, such as {\"state\": \"failed\"}; {} means all jobs", "object_type");
        }
        var limit = (int)(errors.WholeNumber("limit", fields[1], 1, Most) ?? Most);
        var isDry = errors.Flag("dry_run", fields[2]);
        var reason = JobFields.Reason(fields[3], errors);
        errors.Check();
        var query = Read(fields[0].Json, context.GetCaller(), limit);
        query = query with { States = query.States.Count == 0 ? states : [.. query.States.Intersect(states)] };
        var ids = query.States.Count == 0 ? [] : await FindAsync(query, limit, context.RequestAborted);
        IReadOnlyCollection<Guid> changed = isDry ? ids : await ApplyAsync(ids, make(calls.Now, context.GetCaller().Name, reason), context.RequestAborted);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("matched", ids.Count);
            json.WriteNumber("changed", isDry ? 0 : changed.Count);
            json.WriteStartArray("ids");
            foreach (var id in changed) json.WriteStringValue(id);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static JobQuery Read(ReadOnlyMemory<byte> filter, Caller caller, int limit)
    {
        var members = RequestBody.ParseMembers(filter, JobFilters.Names);
        return JobFilters.Read(Value, static (name, wrong) => new ProblemException(ErrorCodes.Invalid,
            [new FieldError(["body", "filter", name], wrong, "value_error")]), caller, null, limit);

        string? Value(string name)
        {
            var member = members[Array.IndexOf(JobFilters.Names, name)];
            return member.Type switch
            {
                JsonTokenType.String => Encoding.UTF8.GetString(member.Text!),
                JsonTokenType.None or JsonTokenType.Null => null,
                _ => Encoding.UTF8.GetString(member.Json.Span),
            };
        }
    }

    private async Task<List<Guid>> FindAsync(JobQuery query, int limit, CancellationToken stop)
    {
        var ids = new List<Guid>();
        while (true)
        {
            var page = await store.ListAsync(query with { Limit = limit - ids.Count }, stop);
            ids.AddRange(page.Jobs.Select(static j => j.Id));
            if (ids.Count >= limit || page.SearchedUntil is not { } after) return ids;
            query = query with { After = after };
        }
    }

    /// <summary>Those that were changed; one that has moved on meanwhile is left out.</summary>
    private async Task<IReadOnlyCollection<Guid>> ApplyAsync(List<Guid> ids, PersonEvent e, CancellationToken stop)
    {
        var changed = new ConcurrentDictionary<Guid, bool>();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (id, _) =>
        {
            if (await calls.ApplyAsync(id, e) is { Refusal: Refusal.None }) changed[id] = true;
        });
        return [.. ids.Where(changed.ContainsKey)];
    }
}
