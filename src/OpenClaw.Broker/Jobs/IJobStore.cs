using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// Where jobs are kept, in the words of jobs. What a call has written is on the disk when it completes; what was answered is
/// seen by every later read. Calls that write throw <see cref="Store.StorageBusyException"/>, <see cref="Store.StorageFullException"/>
/// or <see cref="Store.StorageFailedException"/>, and then certainly nothing was written.
/// </summary>
internal interface IJobStore
{
    /// <summary>Adds a job, or finds what its key made before.</summary>
    /// <param name="isNewQueue">Whether the queue's name has to be written, too.</param>
    /// <param name="noted">What of it stands in the audit.</param>
    /// <param name="also">Changes of other rooms; where one is refused, nothing is written.</param>
    Task<Created> InsertAsync(Job job, byte[] payload, IdempotencyKey? key, bool isNewQueue, AuditEntry? noted = null, IReadOnlyList<Change>? also = null);

    /// <summary>Adds jobs in one commit, or finds what their key made before.</summary>
    /// <param name="key">It stands for the first of them.</param>
    /// <returns>The rows as they are written; or the key's earlier use, or the change that was refused, and nothing is written.</returns>
    Task<(IReadOnlyList<Job> Written, KeyUse? EarlierUse, Change? Refused)> InsertManyAsync(
        IReadOnlyList<NewRow> rows, IdempotencyKey? key, IReadOnlyList<Change> also, AuditEntry noted);

    /// <summary>Replaces a job's version by the next, with all that goes with it.</summary>
    /// <exception cref="Store.StaleVersionException">The row is at another version.</exception>
    /// <exception cref="Store.ClaimIdInUseException">Another running job of this worker has the claim id.</exception>
    /// <exception cref="UniqueKeyHeldException">Another job has the unique key there by now.</exception>
    /// <exception cref="AlreadySoException">What goes with it has happened before.</exception>
    Task UpdateAsync(JobChange change);

    /// <summary>Removes an ended job with its texts, and frees its idempotency key.</summary>
    /// <param name="now">Milliseconds since 1970.</param>
    /// <exception cref="Store.StaleVersionException">The row is at another version, or gone.</exception>
    /// <exception cref="JobNeededException">An unfinished job needs it.</exception>
    Task DeleteAsync(Job job, long now, AuditEntry? noted = null);

    /// <summary>
    /// Clears away what is left of the jobs deleted since the last time: their keys, and what the store's own log holds of them. What
    /// somebody still reads goes the next time.
    /// </summary>
    Task ClearDeletedAsync();

    ValueTask<Job?> FindAsync(Guid id);

    ValueTask<JobTexts?> FindWithTextsAsync(Guid id);

    ValueTask<byte[]> ReadPayloadAsync(long seq);

    /// <summary>Notes that an idempotency key found a job that was there.</summary>
    Task NoteFoundAsync(IdempotencyKey key, Guid job);

    /// <summary>The job that has a unique key, or had it last.</summary>
    ValueTask<Guid?> FindHolderAsync(string queue, string command, string uniqueKey);

    /// <summary>The job of a serial key that is ready.</summary>
    ValueTask<Job?> FindFirstAsync(string queue, string serialKey);

    /// <summary>What was noted of a job, in its order.</summary>
    ValueTask<List<JobNote>> ReadNotesAsync(long seq);

    /// <summary>What an attempt wants the next one to know, UTF-8; null where none does.</summary>
    ValueTask<byte[]?> ReadDetailsAsync(long seq);

    /// <summary>The jobs that time alone will change, the soonest first.</summary>
    Task<List<DueRow>> ReadDueAsync(int limit);

    /// <summary>The running jobs that a worker claimed with this claim id, in the order of the claim.</summary>
    ValueTask<List<Guid>> FindClaimAsync(string claimId, string? workerId);

    ValueTask<KeyUse?> FindKeyAsync(string scope, string key);

    /// <summary>Jobs, newest first; a search that takes longer than 50 ms ends with what it has.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    Task<JobPage> ListAsync(JobQuery query, CancellationToken stop);

    Task<List<string>> ReadQueueNamesAsync();

    Task<List<StateCount>> ReadCountsAsync();

    /// <summary>What a queue must know to begin: the heads of its flows and all leases.</summary>
    /// <param name="window">What all flows together should hold.</param>
    /// <param name="minimum">What each flow may hold, however many there are.</param>
    /// <param name="flows">How many flows.</param>
    Task<QueueSnapshot> ReadQueueAsync(string queue, int window, int minimum, int flows);

    /// <summary>The first ready jobs of flows, in an order of the store's own.</summary>
    /// <param name="takes">Which lanes are looked at.</param>
    /// <param name="after">The flow after which to begin.</param>
    /// <param name="rows">How many jobs of each.</param>
    Task<FlowPage> ReadFlowsAsync(string queue, Func<Lane, bool> takes, Flow? after, int flows, int rows);

    /// <summary>A flow's first ready jobs.</summary>
    Task<List<ReadyRow>> ReadReadyAsync(string queue, Flow flow, int limit);

    /// <summary>The first ready jobs of flows of every queue, and the running ones: about as many of each as asked for.</summary>
    Task<List<Job>> ReadHeadsAsync(int limit);

    /// <summary>
    /// Drops idempotency keys of before a time and unique keys that nobody has any more, a few at once, and notes how far the
    /// steady clock has come.
    /// </summary>
    /// <returns>How many idempotency keys.</returns>
    Task<int> PurgeKeysAsync(SteadyTime before, SteadyTime now);

    /// <summary>Proves that a read answers.</summary>
    Task ProbeReadAsync();

    /// <summary>Proves that a write reaches the disk.</summary>
    Task ProbeWriteAsync(long now);
}

/// <summary>A job's next version, and what is written with it.</summary>
/// <param name="Now">Milliseconds since 1970.</param>
internal sealed record JobChange(Job From, Job To, long Now)
{
    public JobEnd End { get; init; }

    /// <summary>Whether it also writes what only people change.</summary>
    public bool IsEdit { get; init; }

    /// <summary>Whether the queue's name has to be written, too.</summary>
    public bool IsNewQueue { get; init; }

    /// <summary>The payload from now on, UTF-8; null where it stays.</summary>
    public byte[]? Payload { get; init; }

    public IReadOnlyList<JobNote> Notes { get; init; } = [];

    /// <summary>Takes the job's unique key anew; refused where another job has it.</summary>
    public UniqueInsert? Unique { get; init; }

    /// <summary>What else goes with it; where one is refused, nothing is written.</summary>
    public IReadOnlyList<Change> Also { get; init; } = [];

    /// <summary>What of it stands in the audit.</summary>
    public AuditEntry? Noted { get; init; }
}

/// <summary>A new job with all that is written with it.</summary>
/// <param name="IsNewQueue">Whether the queue's name has to be written, too.</param>
/// <param name="Also">Changes that come before it; where one is refused, nothing is written.</param>
internal sealed record NewRow(Job Job, byte[] Payload, bool IsNewQueue, IReadOnlyList<Change> Also);

/// <summary>What an end leaves beside the row: a result, or the whole of a long error; UTF-8.</summary>
internal readonly record struct JobEnd(byte[]? Result, byte[]? Error)
{
    public bool IsEmpty => Result is null && Error is null;
}
