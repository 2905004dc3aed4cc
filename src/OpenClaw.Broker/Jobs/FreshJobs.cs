using System.Collections.Concurrent;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// The newest rows with short payloads, kept until they are claimed: a job that is taken soon after it was created is read
/// from nowhere. It holds the oldest of what fits, for a minute at most. The table stays the
/// truth: a row that was changed elsewhere refuses the version kept here.
/// </summary>
internal sealed class FreshJobs(TimeProvider time)
{
    public const int LongestPayload = 4096;
    private const long MostBytes = 16 << 20;
    private const int RowBytes = 600;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, Entry> entries = new();
    private readonly ConcurrentQueue<(Guid Id, long At)> order = new();
    private long bytes;

    /// <summary>How many are remembered, those that were claimed meanwhile among them.</summary>
    public int Count => order.Count;

    public void Add(Job job, byte[] payload)
    {
        if (payload.Length > LongestPayload) return;
        Forget();
        if (Volatile.Read(ref bytes) >= MostBytes) return;
        if (!entries.TryAdd(job.Id, new Entry(job, payload))) return;
        Interlocked.Add(ref bytes, RowBytes + payload.Length);
        order.Enqueue((job.Id, time.GetTimestamp()));
    }

    /// <summary>The row as it was created; once.</summary>
    public Job? TakeJob(Guid id) => entries.TryGetValue(id, out var entry) ? entry.TakeJob() : null;

    /// <summary>The payload, where it is still the one of this row; then the entry goes.</summary>
    public byte[]? TakePayload(Job job) => Remove(job.Id) is { } entry && entry.PayloadVersion == job.PayloadVersion ? entry.Payload : null;

    /// <summary>The job was deleted.</summary>
    public void Forget(Guid id) => Remove(id);

    /// <summary>Drops what is at the head of the order and was claimed since, or is too old.</summary>
    private void Forget()
    {
        while (order.TryPeek(out var oldest) && (!entries.ContainsKey(oldest.Id) || time.GetElapsedTime(oldest.At) > Longest))
        {
            if (order.TryDequeue(out oldest)) Remove(oldest.Id);
        }
    }

    private Entry? Remove(Guid id)
    {
        if (!entries.TryRemove(id, out var entry)) return null;
        Interlocked.Add(ref bytes, -(RowBytes + entry.Payload.Length));
        return entry;
    }

    private sealed class Entry(Job job, byte[] payload)
    {
        private Job? job = job;

        public int PayloadVersion { get; } = job.PayloadVersion;

        public byte[] Payload { get; } = payload;

        public Job? TakeJob() => Interlocked.Exchange(ref job, null);
    }
}
