using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Reads what a client says of a job that it wants: the body of <c>POST /jobs</c>, and wherever else such an object stands.</summary>
internal sealed class JobReader(JobCalls calls, BrokerOptions options)
{
    public const int MaxCommandBytes = 256;
    private const int MaxRequesterBytes = 128;

    private static readonly string[] Names =
    [
        "command", "payload", "requires", "queue", "requester", "signature", "priority", "run_at", "delay_seconds", "expires_in_seconds",
        "timeout_seconds", "max_attempts", "backoff", "tags", "serial_key", "unique", "depends_on", "batch", "approval", "webhook",
    ];

    /// <exception cref="ProblemException">Something is wrong with it, or the caller may not ask for that.</exception>
    public NewJob Read(HttpContext context, byte[] body, IdempotencyKey? key) =>
        Read(RequestBody.Parse(context, body, Names), new FieldErrors(), context.GetCaller()) with { Key = key };

    /// <summary>A job in an object within a body.</summary>
    /// <param name="within">Where in the body it stands.</param>
    /// <exception cref="ProblemException">Something is wrong with it, or the caller may not ask for that.</exception>
    public NewJob Read(ReadOnlyMemory<byte> json, Caller caller, params string[] within) =>
        Read(RequestBody.ParseMembers(json, Names), new FieldErrors(within), caller);

    /// <summary>Once more what a caller was allowed to ask for.</summary>
    /// <param name="requester">For whom that was; null where the object says so, or nobody.</param>
    /// <exception cref="ProblemException">Something is wrong with it by now.</exception>
    public NewJob Read(ReadOnlyMemory<byte> json, Maker maker, string? requester)
    {
        var job = Read(RequestBody.ParseMembers(json, Names), new FieldErrors());
        return job with { Requester = requester ?? job.Requester, Maker = maker };
    }

    private NewJob Read(JsonField[] fields, FieldErrors errors, Caller caller)
    {
        var job = Read(fields, errors);
        CheckCommand(caller, job.Command);
        return job with
        {
            Requester = caller.Person ?? job.Requester, Maker = new Maker(caller.MadeBy(), caller.Name, caller.Token.MaxQueued),
        };
    }

    private NewJob Read(JsonField[] fields, FieldErrors errors)
    {
        var command = errors.Text("command", fields[0], minBytes: 1, maxBytes: MaxCommandBytes);
        var payload = errors.Text("payload", fields[1]);
        var (requires, lane) = Requires.Read(fields[2], errors);
        var queue = JobFields.Queue(fields[3], errors) ?? QueueNames.Default;
        var requester = fields[4].Type == JsonTokenType.Null ? null : errors.OptionalText("requester", fields[4], MaxRequesterBytes);
        var signature = JobSignatures.Read(fields[5], errors);
        var now = calls.Now;
        var (runAt, isDelay) = JobFields.RunAt(fields[7], fields[8], now, errors);
        var job = new NewJob(queue, Encoding.UTF8.GetString(command), payload, requires, lane,
            requester is null ? null : Encoding.UTF8.GetString(requester), new Maker(null, "", null), now, null)
        {
            Signature = signature,
            Priority = JobFields.Priority(fields[6], errors) ?? Job.DefaultPriority,
            RunAt = runAt,
            IsDelay = isDelay,
            ExpiresInMs = errors.Seconds("expires_in_seconds", fields[9], JobFields.MaxSeconds),
            TimeoutMs = errors.Seconds("timeout_seconds", fields[10], JobFields.MaxSeconds),
            MaxAttempts = JobFields.MaxAttempts(fields[11], errors) ?? 1,
            Backoff = JobFields.Backoff(fields[12], errors),
            Tags = JobFields.Tags(fields[13], errors) ?? [],
            SerialKey = JobFields.SerialKey(fields[14], errors),
            ParentNames = JobFields.DependsOn(fields[16], errors),
            Batch = JobFields.Batch(fields[17], errors),
            Approval = JobFields.Approval(fields[18], errors),
            Webhook = JobFields.Webhook(fields[19], options.DeliverToken is not null, errors),
        };
        if (JobFields.Unique(fields[15], payload, errors) is { } unique)
        {
            if (unique.OnConflict == OnConflict.KeepLatest && job.SerialKey is not null)
            {
                errors.Add("serial_key", "can't come with keep_latest, which lets jobs run one after the other by itself", "both");
            }
            job = job with { Unique = unique, SerialKey = job.SerialKey ?? unique.SerialKey(job.Command) };
        }
        errors.Check();
        CheckPayload(payload);
        return job;
    }

    /// <exception cref="ProblemException">413: it is longer than allowed.</exception>
    public void CheckPayload(byte[] payload)
    {
        if (payload.Length <= options.MaxPayloadBytes) return;
        throw new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
            $"the payload has {payload.Length} bytes; the limit is {options.MaxPayloadBytes}. Send less, or raise {BrokerVariables.MaxPayloadBytes}");
    }

    /// <exception cref="ProblemException">403: the caller's token is for other commands.</exception>
    public static void CheckCommand(Caller caller, string command)
    {
        if (caller.MayAskFor(command)) return;
        var commands = (caller.Own ?? caller.Credential).Token.Commands ?? ["all"];
        throw new ProblemException(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden,
            $"'{caller.Name}' may not ask for this command; it may ask for {string.Join(", ", commands)}");
    }
}
