using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Programs;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>The broker, whole but for its job storage, which keeps nothing: what the rest of it can do.</summary>
internal static class StorelessBroker
{
    public const string Switch = "OPENCLAW_BENCH_NO_STORAGE";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Switch) == "1";

    public static async Task<int> RunAsync()
    {
        var options = BrokerOptions.Read(Settings.FromProcess(null));
        await using var app = await BrokerHost.BuildAsync(options, TimeProvider.System, static silo => silo.Services.AddSingleton<IJobStore, Nowhere>());
        await Microsoft.Extensions.Hosting.HostingAbstractionsHostExtensions.RunAsync(app);
        return ExitCodes.Ok;
    }

    private sealed class Nowhere : IJobStore
    {
        private long lastSeq;

        public Task<(IReadOnlyList<Job> Written, KeyUse? EarlierUse, Change? Refused)> InsertManyAsync(
            IReadOnlyList<NewRow> rows, IdempotencyKey? key, IReadOnlyList<Change> also, AuditEntry noted) => throw new NotSupportedException();

        public Task<Created> InsertAsync(Job job, byte[] payload, IdempotencyKey? key, bool isNewQueue, AuditEntry? noted, IReadOnlyList<Change>? also) =>
            Task.FromResult(new Created(job with { Seq = Interlocked.Increment(ref lastSeq), RankAt = job.CreatedAt }, null));

        public Task UpdateAsync(JobChange change) => Task.CompletedTask;

        public Task NoteFoundAsync(IdempotencyKey key, Guid job) => Task.CompletedTask;

        public ValueTask<Guid?> FindHolderAsync(string queue, string command, string uniqueKey) => default;

        public ValueTask<Job?> FindFirstAsync(string queue, string serialKey) => default;

        public ValueTask<List<JobNote>> ReadNotesAsync(long seq) => ValueTask.FromResult<List<JobNote>>([]);

        public ValueTask<byte[]?> ReadDetailsAsync(long seq) => ValueTask.FromResult<byte[]?>(null);

        public Task<List<DueRow>> ReadDueAsync(int limit) => Task.FromResult<List<DueRow>>([]);

        public Task DeleteAsync(Job job, long now, AuditEntry? noted) => Task.CompletedTask;

        public Task ClearDeletedAsync() => Task.CompletedTask;

        public ValueTask<Job?> FindAsync(Guid id) => default;

        public ValueTask<JobTexts?> FindWithTextsAsync(Guid id) => default;

        public ValueTask<byte[]> ReadPayloadAsync(long seq) => ValueTask.FromResult<byte[]>([]);

        public ValueTask<List<Guid>> FindClaimAsync(string claimId, string? workerId) => ValueTask.FromResult<List<Guid>>([]);

        public ValueTask<KeyUse?> FindKeyAsync(string scope, string key) => default;

        public Task<JobPage> ListAsync(JobQuery query, CancellationToken stop) => Task.FromResult(new JobPage([], null));

        public Task<List<string>> ReadQueueNamesAsync() => Task.FromResult<List<string>>([]);

        public Task<List<StateCount>> ReadCountsAsync() => Task.FromResult<List<StateCount>>([]);

        public Task<QueueSnapshot> ReadQueueAsync(string queue, int window, int minimum, int flows) =>
            Task.FromResult(new QueueSnapshot(new FlowPage([], null), []));

        public Task<FlowPage> ReadFlowsAsync(string queue, Func<Lane, bool> takes, Flow? after, int flows, int rows) =>
            Task.FromResult(new FlowPage([], null));

        public Task<List<ReadyRow>> ReadReadyAsync(string queue, Flow flow, int limit) => Task.FromResult<List<ReadyRow>>([]);

        public Task<List<Job>> ReadHeadsAsync(int limit) => Task.FromResult<List<Job>>([]);

        public Task<int> PurgeKeysAsync(SteadyTime before, SteadyTime now) => Task.FromResult(0);

        public Task ProbeReadAsync() => Task.CompletedTask;

        public Task ProbeWriteAsync(long now) => Task.CompletedTask;
    }
}
