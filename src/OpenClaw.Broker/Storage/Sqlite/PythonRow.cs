using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>One row of the Python broker's <c>jobs</c>: its columns' values by name, texts as their bytes.</summary>
internal sealed class PythonRow(Dictionary<string, object?> values)
{
    public static readonly string[] RequiredColumns = ["id", "created_at", "status", "command", "payload"];

    /// <summary>All that any version of it had.</summary>
    public static readonly string[] Columns = [.. RequiredColumns, "result", "finished_at", "error", "started_at", "lease_until", "worker_id", "requires"];

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The row as a job of ours.</summary>
    /// <exception cref="FormatException">It can't be one; the message says why.</exception>
    public (Job Job, byte[] Payload, JobEnd End) Read()
    {
        var state = Text("status") is { } status
            && JobStateNames.Parse(status) is { } known and (JobState.Queued or JobState.Running or JobState.Done or JobState.Failed)
            ? known
            : throw new FormatException("its status is none of queued, running, done, failed");
        var id = Text("id") is { } text && Guid.TryParseExact(text, "D", out var guid) && guid.ToString() == text
            ? guid
            : throw new FormatException("its id is not a lower-case UUID");
        var created = Time("created_at") ?? throw new FormatException("its created_at is null");
        var started = Time("started_at");
        var finished = Time("finished_at");
        var isFinal = state is JobState.Done or JobState.Failed;
        var error = state == JobState.Failed ? Text("error") : null;
        var requires = Requirement();
        var job = new Job
        {
            Id = id,
            Version = 1,
            State = state,
            Command = Text("command") ?? throw new FormatException("its command is null"),
            Requires = requires,
            Caps = Requires.Parse(requires),
            CreatedAt = created,
            StartedAt = state == JobState.Running ? started ?? created : started,
            FinishedAt = isFinal ? finished ?? started ?? created : null,
            LeaseUntil = state == JobState.Running ? Time("lease_until") ?? created : null,
            Attempt = state == JobState.Running || started is not null ? 1 : 0,
            LeaseToken = state == JobState.Running ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) : null,
            WorkerId = state == JobState.Queued ? null : Text("worker_id"),
            Error = error?.Length > JobTable.ShortError ? JobTable.Beginning(error) : error,
            Outcome = state switch { JobState.Done => Outcome.Ok, JobState.Failed => Outcome.Failed, _ => null },
        };
        var longError = error?.Length > JobTable.ShortError ? Bytes("error") : null;
        return (job, Bytes("payload") ?? throw new FormatException("its payload is null"), new JobEnd(Bytes("result"), longError));
    }

    /// <summary>What can't be understood is no requirement, so nothing here is refused.</summary>
    private string? Requirement() => values.GetValueOrDefault("requires") switch
    {
        null => null,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        var number => Convert.ToString(number, CultureInfo.InvariantCulture),
    };

    private string? Text(string column) => Bytes(column) is { } bytes ? StrictUtf8.GetString(bytes) : null;

    /// <summary>A text or blob as UTF-8; what is neither, or not UTF-8, is refused.</summary>
    private byte[]? Bytes(string column)
    {
        switch (values.GetValueOrDefault(column))
        {
            case null:
                return null;
            case byte[] bytes:
                try
                {
                    _ = StrictUtf8.GetCharCount(bytes);
                    return bytes;
                }
                catch (DecoderFallbackException)
                {
                    throw new FormatException($"its {column} is not UTF-8 text");
                }
            default:
                throw new FormatException($"its {column} is not a text");
        }
    }

    private long? Time(string column)
    {
        const double Limit = 253_402_300_800; // the year 10000
        return values.GetValueOrDefault(column) switch
        {
            null => null,
            long seconds when seconds is > -(long)Limit and < (long)Limit => seconds * 1000,
            double seconds when Math.Abs(seconds) < Limit => (long)(seconds * 1000),
            _ => throw new FormatException($"its {column} is not a time in seconds"),
        };
    }
}
