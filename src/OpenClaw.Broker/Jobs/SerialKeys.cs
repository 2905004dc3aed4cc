using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// Serial keys: of the unfinished jobs of a queue that have the same key, the oldest alone is ready. The table keeps that: what
/// ends one makes the next ready in the same commit.
/// </summary>
internal static class SerialKeys
{
    public const int MaxLength = 128;

    /// <summary>The key of jobs of which the latest is kept begins with this, so that it is none that a client has named.</summary>
    public const char Own = '\u0001';

    private const string Oldest = "(select min(seq) from job where queue = ?1 and serial_key = ?2 and serial_key is not null and finished_at is null)";

    private const string Running = "(select seq from job r where r.queue = ?1 and r.serial_key = ?2 and r.serial_key is not null and r.state = 'running')";

    /// <summary>Whose turn it is: the one that runs, else the oldest.</summary>
    public const string Turn = $"coalesce({Running}, {Oldest})";

    /// <summary>The first of a key, once it is ready.</summary>
    public const string First = $"seq = {Oldest} and ready = 1";

    /// <summary>
    /// The job as the table has it now, which alone says whether it is the first of its key. It is written: where it can't be read, its maker
    /// is answered all the same.
    /// </summary>
    public static async Task<Job> ReadAgainAsync(IJobStore store, Job written, Action<Exception> notRead)
    {
        try
        {
            return await store.FindAsync(written.Id) ?? written;
        }
        catch (Exception e)
        {
            notRead(e);
            return written;
        }
    }

    /// <summary>What has to follow a change of a job in the same commit.</summary>
    public static IEnumerable<Change> After(Job? from, Job to)
    {
        if (to.SerialKey is not { } key || to.State == JobState.Running) yield break;
        if (from is not null && from.Queue != to.Queue) yield return new Admit(from.Queue, key);
        if (from is { IsFinal: true }) yield return new HoldBack(to.Queue, key);
        yield return new Admit(to.Queue, key);
    }

    /// <summary>An older job has come back: the one that was ready before it is not.</summary>
    private sealed class HoldBack(string queue, string key) : Change
    {
        public override string Sql =>
            $"update job set ready = 0, version = version + 1 where queue = ?1 and serial_key = ?2 and ready = 1 and seq > {Oldest}";

        public override void Bind(IParameters parameters)
        {
            parameters.Set(1, queue);
            parameters.Set(2, key);
        }
    }

    /// <summary>The oldest is ready, unless one runs.</summary>
    private sealed class Admit(string queue, string key) : Change
    {
        public override string Sql =>
            $"update job set ready = 1, version = version + 1 where seq = {Oldest} and state = 'queued' and ready = 0 and not exists {Running}";

        public override void Bind(IParameters parameters)
        {
            parameters.Set(1, queue);
            parameters.Set(2, key);
        }
    }
}
