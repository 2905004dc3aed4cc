namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Held by whoever of this process writes to the file, so that none waits on SQLite's own lock.</summary>
internal sealed class WriteGate : IDisposable
{
    public SemaphoreSlim Semaphore { get; } = new(1, 1);

    public void Dispose() => Semaphore.Dispose();
}
