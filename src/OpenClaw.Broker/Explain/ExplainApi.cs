using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Streams;
using OpenClaw.Broker.Workers;

namespace OpenClaw.Broker.Explain;

/// <summary>Why a job is not running, or how it ended.</summary>
internal sealed class ExplainApi(IJobStore store, IStore rows, JobCalls calls, QueuePauses pauses, QueueLinks queues, QueueLimits limits,
    WorkerSightings sightings, WorkersApi workers,
    BrokerOptions options) : ISilence
{
    private static readonly string BeforeSql = $"select {JobTable.Rows.Select("j")} from job j where j.seq = {SerialKeys.Turn}";

    private const string ParentsSql = "select p.id from job_edge e join job p on p.id = e.parent where e.child = ?1 and e.is_open = 1 "
        + "and p.finished_at is null order by p.seq limit 10";

    private const string AheadSql = "select count(*) from (select 1 from job where queue = ?1 and lane = ?2 and command = cast(?3 as blob) "
        + "and requester is ?4 and ready = 1 and (rank, seq) < (?5, ?6) limit ?7)";

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/jobs/{id}/explain", (RequestDelegate)ExplainAsync).RequireAuthorization(Rights.ListJobs);

    public async Task<(string Code, string Text)> ExplainAsync(Job job)
    {
        var why = Explanation.Of(job, await LookAroundAsync(job));
        return (why.Code, why.Text);
    }

    private async Task ExplainAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        if (await store.FindAsync(RequestParts.JobId(context)) is not { } job || !caller.MaySee(job)) throw ProblemException.JobNotFound();
        var why = Explanation.Of(job, await LookAroundAsync(job));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("state", job.State.Name());
            json.WriteString("code", why.Code);
            json.WriteString("text", why.Text);
            if (why.Since is { } since) json.WriteNumber("since", since / 1000);
            else json.WriteNull("since");
            if (why.Until is { } until) json.WriteNumber("until", until / 1000);
            else json.WriteNull("until");
            json.WriteStartArray("blockers");
            foreach (var (kind, name) in why.Blockers)
            {
                json.WriteStartObject();
                json.WriteString("kind", kind);
                json.WriteString("name", name);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("mend");
            foreach (var command in why.Mend) json.WriteStringValue(command);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task<Surroundings> LookAroundAsync(Job job)
    {
        var running = job.IsReady ? await workers.RunningAsync() : Enumerable.Empty<string>().ToLookup(static w => w);
        Job? before = null;
        if (job is { State: JobState.Queued, IsReady: false, SerialKey: { } key })
        {
            before = (await rows.ReadAsync(new Query<Job>(BeforeSql, JobTable.Rows.Read, job.Queue, key))).FirstOrDefault(j => j.Id != job.Id);
        }
        var ahead = !job.IsReady ? 0 : (await rows.ReadAsync(new Query<long>(AheadSql, static row => row.Number(0)!.Value, job.Queue, job.Caps.Text,
            job.Command, job.Requester, job.RankAt, job.Seq, Surroundings.MostCounted)))[0];
        var parents = job.State != JobState.Held || job.DependsOn.Count == 0 ? []
            : await rows.ReadAsync(new Query<string>(ParentsSql, static row => row.Text(0)!, job.Id.ToString()));
        return new Surroundings(calls.Now, options.LeaseMs, pauses.OfBroker, pauses.Of(job.Queue), before, ahead, [.. sightings.All], running.Contains)
        {
            Parents = parents,
            IsDrained = sightings.IsDrained,
            Queue = job.IsReady && limits.Has(job.Queue) ? await queues.Grain(job.Queue).DescribeAsync() : null,
        };
    }
}
