using System.Collections.Concurrent;
using System.Net.Sockets;
using OpenClaw.Testing;
using OpenClaw.Testing.Disk;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Power;

/// <summary>What a client was told, and where the disk's log stood when it asked and when it was told.</summary>
/// <param name="Result">What the worker sent; null: the job was made.</param>
internal sealed record Acknowledged(string Job, string Payload, string? Result, long Asked, long Told);

/// <summary>A whole life of a broker under load, from an empty folder to a clean stop, with all that reached the disk.</summary>
internal sealed class RecordedRun : IDisposable
{
    private const int Producers = 4, Workers = 4;
    private readonly FaultyDisk disk;
    private readonly ConcurrentBag<Acknowledged> acknowledged = [];
    private readonly Random random;

    private RecordedRun(FaultyDisk disk, int seed) => (this.disk, random) = (disk, new Random(seed));

    public string Folder => disk.Folder;

    public IReadOnlyList<DiskCall> Calls { get; private set; } = [];

    public IReadOnlyCollection<Acknowledged> Acknowledged => acknowledged;

    /// <summary>How the broker ended.</summary>
    public int ExitCode { get; private set; }

    /// <summary>The file whose sync failed, and whether something was written to it since the one before; else the log was only being folded.</summary>
    public (string Path, bool HadToCommit)? Failed
    {
        get
        {
            var of = Calls.Select(static (call, n) => (call, n)).FirstOrDefault(static c => c.call.Kind == DiskCallKind.FailedSync);
            if (of.call is not { } failed) return null;
            var before = Calls.Take(of.n).Last(c => c.Path == failed.Path);
            return (failed.Path, failed.Path.EndsWith("-wal", StringComparison.Ordinal) && before.Kind == DiskCallKind.Write);
        }
    }

    /// <param name="syncsBeforeOneFails">Null: none fails.</param>
    public static async Task<RecordedRun> MakeAsync(int jobs, int seed, int? syncsBeforeOneFails = null)
    {
        var run = new RecordedRun(await FaultyDisk.CreateAsync(keepsLog: true), seed);
        await using (var broker = await BrokerProcess.StartAsync(run.disk.Database,
            new Dictionary<string, string>(run.disk.Environment) { ["DISK_RESERVE_BYTES"] = "65536" }))
        {
            if (syncsBeforeOneFails is { } syncs) run.disk.FailOne('s', FaultyDisk.IoError, syncs);
            var left = jobs;
            var toDo = jobs;
            await Task.WhenAll([
                .. Enumerable.Range(0, Producers).Select(_ => Client(broker, async () =>
                {
                    while (Interlocked.Decrement(ref left) is >= 0 and var n) await run.CreateAsync(broker.Api, $"{n}-");
                })),
                .. Enumerable.Range(0, Workers).Select(_ => Client(broker, async () =>
                {
                    while (Volatile.Read(ref toDo) > 0) if (await run.WorkAsync(broker.Api)) Interlocked.Decrement(ref toDo);
                })),
            ]);
            run.ExitCode = broker.Program.Process.HasExited ? broker.Program.Process.ExitCode : await broker.Program.StopAsync();
        }
        run.Calls = DiskCall.Read(run.disk.Log);
        return run;
    }

    public void Dispose() => disk.Dispose();

    /// <summary>A client that works until it is done or the broker is gone.</summary>
    private static Task Client(BrokerProcess broker, Func<Task> work) => Task.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            await broker.Program.WaitForExitAsync();
        }
    });

    private async Task CreateAsync(Api api, string name)
    {
        var payload = name.PadRight(Length(10_000), 'ü');
        var asked = disk.LogLength;
        var answer = await api.CreateAsync("ping", payload);
        if (answer.Status == 200) acknowledged.Add(new Acknowledged(answer.Json.Id(), payload, null, asked, disk.LogLength));
    }

    private async Task<bool> WorkAsync(Api api)
    {
        if (await api.PollAsync(1) is not { Status: 200, Job: { } job }) return false;
        var result = job.Id().PadRight(Length(20_000), 'r');
        var asked = disk.LogLength;
        if ((await api.FinishAsync(job.Id(), result, job.Fence())).Status != 200) return false;
        acknowledged.Add(new Acknowledged(job.Id(), job.Text("payload")!, result, asked, disk.LogLength));
        return true;
    }

    /// <summary>Mostly short, sometimes of several pages.</summary>
    private int Length(int most)
    {
        lock (random) return random.Next(4) == 0 ? random.Next(most) : random.Next(200);
    }
}
