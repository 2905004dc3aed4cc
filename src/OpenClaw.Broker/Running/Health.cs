using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Keeping;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Running;

/// <summary>Whether the broker can do its work: a real read and a real write, at most once a second for all who ask.</summary>
internal sealed partial class Health(IJobStore store, DiskReserve reserve, FileWatch place, Clock clock, TailnetWatch tailnet,
    BrokerOptions options, ILogger<Health> log)
{
    private readonly Backups backups = new(options.BackupFolder);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private readonly Lock gate = new();
    private Task<Checks>? last;
    private Task reading = Task.CompletedTask;
    private Task writing = Task.CompletedTask;
    private long lastAt;

    public Task<Checks> CheckAsync()
    {
        lock (gate)
        {
            if (last is null || last.IsCompleted && clock.GetElapsedTime(lastAt) >= Kept)
            {
                last = Task.Run(ProbeAsync); // the disk may hang: neither in here nor on the caller's thread
                lastAt = clock.GetTimestamp();
            }
            return last;
        }
    }

    private async Task<Checks> ProbeAsync()
    {
        place.Check();
        reading = reading.IsCompleted ? Task.Run(() => store.ProbeReadAsync()) : reading;
        writing = writing.IsCompleted ? store.ProbeWriteAsync(clock.Wall) : writing;
        var (read, write) = (DescribeAsync(reading), DescribeAsync(writing));
        return new Checks(await read, await write, reserve.IsSpent ? "full: new jobs are refused until there is room again" : Checks.Fine,
            tailnet.Problem ?? Checks.Fine) { Answers = reading.IsCompleted && writing.IsCompleted, BackupAt = backups.Newest()?.At };
    }

    private async Task<string> DescribeAsync(Task probe)
    {
        try
        {
            await probe.WaitAsync(Patience, clock);
            return Checks.Fine;
        }
        catch (TimeoutException)
        {
            return $"no answer within {Patience.TotalSeconds} s";
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException)
        {
            return e.Message;
        }
        catch (Exception e)
        {
            LogProbe(e); // it may name files and tables, and anybody may ask
            return "it failed; the broker's log says why";
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A health check failed")]
    private partial void LogProbe(Exception e);
}

/// <summary>What was found, each <see cref="Fine"/> or a line that says what is wrong.</summary>
internal sealed record Checks(string Read, string Write, string Disk, string Listen)
{
    public const string Fine = "ok";

    public bool Ok => Read == Fine && Write == Fine && Disk == Fine && Listen == Fine;

    /// <summary>Whether the disk said anything at all, if only that it is full or locked.</summary>
    public required bool Answers { get; init; }

    /// <summary>When the newest backup was made.</summary>
    public DateTimeOffset? BackupAt { get; init; }

    /// <summary>In a line.</summary>
    public override string ToString()
    {
        (string Name, string Said)[] all = [("read", Read), ("write", Write), ("disk", Disk), ("listen", Listen)];
        return Ok ? Fine : string.Join("; ", all.Where(static c => c.Said != Fine).Select(static c => $"{c.Name}: {c.Said}"));
    }
}
