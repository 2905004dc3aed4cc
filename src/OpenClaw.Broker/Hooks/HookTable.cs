using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Hooks;

/// <summary>What is asked of the table of news that are to be told elsewhere.</summary>
internal static class HookTable
{
    /// <summary>So many are read at once.</summary>
    private const int Page = 100;

    /// <summary>The news for which there is no job yet, the oldest first.</summary>
    public static readonly Query<HookEvent> Waiting = new($"select id, url, job_id, body from hook_event order by n limit {Page}",
        static row => new HookEvent(Guid.Parse(row.Text(0)!), row.Text(1)!, Guid.Parse(row.Text(2)!), row.Blob(3)!));
}

/// <summary>News have got a job that tells them; refused where they had one already.</summary>
internal sealed class HookEventDelete(Guid id) : Change
{
    public override string Sql => "delete from hook_event where id = ?1";

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => parameters.Set(1, id.ToString());
}
