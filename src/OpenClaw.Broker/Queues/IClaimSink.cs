namespace OpenClaw.Broker.Queues;

/// <summary>Hears which workers ask for jobs, in this process, and says which get none.</summary>
internal interface IClaimSink
{
    /// <summary>A worker asks for a job of these queues.</summary>
    void Asked(string id, WorkerClass worker, IReadOnlyList<string> queues);

    /// <summary>What a worker may take that names no commands.</summary>
    CommandSet Unnamed(string? worker);

    /// <summary>Whether somebody drains the worker.</summary>
    bool IsDrained(string worker);
}
