using System.Collections.Concurrent;

namespace OpenClaw.Broker.Store;

/// <summary>How many unfinished jobs the table holds, in all and by token, and how long their payloads are. The writer moves it with each commit.</summary>
internal sealed class HeldJobs
{
    private readonly ConcurrentDictionary<string, long> byToken = new(StringComparer.Ordinal);
    private long jobs;
    private long bytes;

    public long Jobs => Volatile.Read(ref jobs);

    public long Bytes => Volatile.Read(ref bytes);

    /// <param name="token">The token's name; empty for the shared one.</param>
    public long Of(string token) => byToken.GetValueOrDefault(token);

    public void Move(string token, long moreJobs, long moreBytes)
    {
        Interlocked.Add(ref jobs, moreJobs);
        Interlocked.Add(ref bytes, moreBytes);
        byToken.AddOrUpdate(token, static (_, more) => more, static (_, had, more) => had + more, moreJobs);
    }
}
