using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Links;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>Tells jobs of their parents' ends as <see cref="LinkRelay"/> does, by the same questions to the tables.</summary>
internal sealed class SimulatedRelay(SimulatedBroker broker, World world)
{
    // While no job waits for another, an end costs no read.
    private bool hasEdges = true;

    public void Hear(JobNews news)
    {
        if (news is { IsChild: true, State: JobState.Held })
        {
            hasEdges = true;
            Plan(news.Id, LinkTable.EndedFor(news.Id), "hears of parents that have ended");
        }
        if (news.IsFinal && hasEdges) Plan(news.Id, LinkTable.EndOf(news.Id), "has its children told of its end");
    }

    /// <summary>What a crash left untold.</summary>
    public async Task TellAllAsync()
    {
        await TellAsync(LinkTable.AllEnded(Guid.Empty, Guid.Empty));
        hasEdges = (await broker.Rows.ReadAsync(LinkTable.HasEdges)).Count > 0;
    }

    private void Plan(Guid job, Query<EndedParent> ends, string what) =>
        broker.After(world.Dice.Next(world.Fault(0.1) ? 10_000 : 50), $"{Judge.Name(job)} {what}", () => TellAsync(ends));

    private async Task TellAsync(Query<EndedParent> ends)
    {
        foreach (var (child, parent, isOk) in await broker.Rows.ReadAsync(ends))
        {
            await broker.Calls.ApplyAsync(child, new ParentEnded(broker.Clock.Wall, parent, isOk));
        }
    }
}
