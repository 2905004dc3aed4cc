namespace OpenClaw.Broker.Store;

/// <summary>
/// One row to write. It is data: a store prepares the text once, binds the values and counts the rows. The text is SQL that
/// SQLite and PostgreSQL share, with parameters <c>?1</c>, <c>?2</c>, …
/// </summary>
internal abstract class Change
{
    /// <summary>The statement; one object per kind of change, since stores keep what they prepared by it.</summary>
    public abstract string Sql { get; }

    /// <summary>Roughly how much it adds to the log, in bytes.</summary>
    public virtual int Size => 512;

    /// <summary>Whether rows that are there already, or no longer, may refuse it; then the whole commit is left out.</summary>
    public virtual bool CanBeRefused => false;

    /// <summary>Called in the order of the commits, before <see cref="Bind"/>; again where the transaction is tried again.</summary>
    public virtual void Number(Ledger ledger)
    {
    }

    public abstract void Bind(IParameters parameters);

    /// <summary>Told how many rows it wrote.</summary>
    public virtual void Executed(int rows)
    {
    }

    /// <summary>What it changes in the counts; called once it was executed.</summary>
    public virtual void Count(ICounts counts)
    {
    }
}

/// <summary>What the store numbers: places in the order of acceptance, acceptance times that never fall, and what jobs write.</summary>
internal sealed class Ledger(LedgerState last)
{
    /// <summary>How far the numbers have come.</summary>
    public LedgerState State { get; private set; } = last;

    public long NextSeq()
    {
        State = State with { Seq = State.Seq + 1 };
        return State.Seq;
    }

    public long NextChunk()
    {
        State = State with { Chunk = State.Chunk + 1 };
        return State.Chunk;
    }

    /// <summary>The time of acceptance: now, or the latest that was given out where the clock has gone back.</summary>
    public long Accept(long now)
    {
        State = State with { Accepted = Math.Max(State.Accepted, now) };
        return State.Accepted;
    }

    /// <summary>Takes back what a transaction that failed was given.</summary>
    public void Return(LedgerState before) => State = before;
}

/// <param name="Accepted">Milliseconds since 1970.</param>
internal readonly record struct LedgerState(long Seq, long Accepted, long Chunk);

/// <summary>How many jobs there are by queue and state, and how many passed each minute; moved in each transaction.</summary>
internal interface ICounts
{
    /// <param name="from">The state left; null of a new job.</param>
    /// <param name="to">The state come into; null of a deleted job.</param>
    /// <param name="at">Milliseconds since 1970.</param>
    void Move(string queue, string? from, string? to, long at);

    /// <summary>What a token's unfinished jobs are, more or less than before.</summary>
    /// <param name="token">The token's name; empty for the shared one.</param>
    /// <param name="bytes">Of their payloads.</param>
    void Hold(string token, int jobs, long bytes);
}

/// <summary>Changes that are written together or not at all, perhaps of several rooms.</summary>
internal sealed class Commit(IReadOnlyList<Change> changes, bool isEssential, AuditEntry? noted = null)
{
    private readonly TaskCompletionSource<Change?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<Change> Changes { get; } = changes;

    /// <summary>Whether it may use the space that is kept for what must still be said on a full disk.</summary>
    public bool IsEssential { get; } = isEssential;

    /// <summary>What of it stands in the audit.</summary>
    public AuditEntry? Noted { get; } = noted;

    public int Size { get; } = changes.Sum(static c => c.Size);

    /// <summary>Completes when it is on the disk, with null; or with the change that was refused, and nothing was written.</summary>
    public Task<Change?> Done => done.Task;

    /// <summary>Found out while executing: the change that was refused.</summary>
    public Change? Refused { get; set; }

    /// <summary>Whether it was refused for a row that is there already under a unique index.</summary>
    public bool IsDuplicate { get; set; }

    public void Complete() => done.TrySetResult(Refused);

    public void Fail(Exception why) => done.TrySetException(why);
}
