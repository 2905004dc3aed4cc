using System.Globalization;
using OpenClaw.Broker.Jobs;
using Orleans.Storage;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// A JobGrain's state. Of payload, result and key it holds only what the next write takes along; reads take them from
/// the table.
/// </summary>
internal sealed class JobRow
{
    public Job? Job { get; set; }

    public byte[]? Payload { get; set; }

    public byte[]? Result { get; set; }

    public IdempotencyKey? Key { get; set; }

    /// <summary>After the first write: the job that used the key before; then nothing was written.</summary>
    public KeyUse? EarlierUse { get; set; }
}

/// <summary>Keeps JobGrains in the job table: reads through the reader pool, writes through the group-commit writer.</summary>
internal sealed class JobStorage(JobReader reader, Writer writer, NewJobIds newIds) : IGrainStorage
{
    public const string Name = "jobs";

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = Row(grainState);
        var id = grainId.GetGuidKey();
        row.Job = newIds.TryUse(id) ? null : await reader.FindAsync(id);
        SetRecord(grainState, row.Job);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = Row(grainState);
        var job = row.Job!;
        if (grainState.RecordExists)
        {
            await writer.WriteAsync(new JobUpdate(job, row.Result));
        }
        else
        {
            var insert = new JobInsert(job, row.Payload!, row.Key);
            await writer.WriteAsync(insert);
            row.EarlierUse = insert.EarlierUse;
            row.Job = insert.EarlierUse is null ? insert.Job : null;
        }
        SetRecord(grainState, row.Job);
    }

    /// <summary>Jobs are never forgotten by their grains.</summary>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();

    private static JobRow Row<T>(IGrainState<T> grainState) => grainState.State as JobRow ?? throw new NotSupportedException($"{Name} keeps {nameof(JobRow)} alone");

    private static void SetRecord<T>(IGrainState<T> grainState, Job? job)
    {
        grainState.RecordExists = job is not null;
        grainState.ETag = job?.Version.ToString(CultureInfo.InvariantCulture);
    }
}
