namespace OpenClaw.Broker.Queues;

/// <summary>How many jobs wait, for those who save memory when they are many.</summary>
internal sealed class Backlog
{
    private const int Long = 1000;
    private int ready;

    public bool IsLong => Volatile.Read(ref ready) > Long;

    public void Set(int count) => Volatile.Write(ref ready, count);
}
