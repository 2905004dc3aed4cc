using OpenClaw.Broker.Access;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>Retries the jobs that ended through a parent, or a batch, that is done anew; they wait for it again.</summary>
internal sealed class ChildRetries(JobCalls calls, IJobStore jobs, IStore store)
{
    /// <summary>A family is no larger than this where all of it is retried.</summary>
    private const int Most = 1000;

    private static readonly string ChildrenSql = $"select {JobTable.Rows.Select("c")} from job_edge e join job c on c.id = e.child "
        + $"where e.parent = ?1 and c.finished_at is not null order by c.seq limit {Most}";

    private static readonly string OfBatchSql = $"select {JobTable.Rows.Select("c")} from batch b join job c on c.id = b.on_success "
        + "where b.id = ?1 and c.finished_at is not null";

    /// <summary>Retries those that ended through this one, and through them in turn.</summary>
    /// <returns>Those that were retried.</returns>
    public async Task<IReadOnlyList<Guid>> RetryAsync(Job parent, Caller caller)
    {
        var retried = new List<Guid>();
        var parents = new Queue<Job>([parent]);
        while (retried.Count < Most && parents.TryDequeue(out var job))
        {
            var error = LinkRules.ErrorOf(job.Id);
            foreach (var child in await store.ReadAsync(new Query<Job>(ChildrenSql, JobTable.Rows.Read, job.Id.ToString())))
            {
                if (child.Error == error || child.Error == JobRules.CancelledError(error)) await ApplyAsync(child, await UnfinishedAsync(child));
            }
            if (job.Batch is not { } batch) continue;
            foreach (var child in await store.ReadAsync(new Query<Job>(OfBatchSql, JobTable.Rows.Read, batch.ToString())))
            {
                if (child.Error != JobRules.CancelledError(LinkRules.ErrorOfBatch(batch))) continue;
                await ApplyAsync(child, new Retried(calls.Now, caller.Name) { Batch = batch });
            }
        }
        return retried;

        async Task<Retried> UnfinishedAsync(Job child)
        {
            var again = new List<Guid>();
            foreach (var p in child.DependsOn) if (await jobs.FindAsync(p.Id) is { State: not JobState.Done }) again.Add(p.Id);
            return new Retried(calls.Now, caller.Name) { Parents = again };
        }

        async Task ApplyAsync(Job child, Retried e)
        {
            if (!caller.MaySee(child)) return;
            if (await calls.ApplyAsync(child.Id, e) is not { Refusal: Refusal.None } reply) return;
            retried.Add(child.Id);
            parents.Enqueue(reply.Job);
        }
    }
}
