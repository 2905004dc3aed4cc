using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>Hears which workers ask for jobs, in this process, and says which get none.</summary>
internal interface IClaimSink
{
    /// <summary>A worker with these capabilities asks for a job of these queues.</summary>
    void Asked(string worker, Lane caps, IReadOnlyList<string> queues);

    /// <summary>Whether somebody drains the worker.</summary>
    bool IsDrained(string worker);
}
