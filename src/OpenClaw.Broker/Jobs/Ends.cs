using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What workers say became of jobs, and what they are answered.</summary>
internal sealed class Ends(JobCalls calls, BrokerOptions options)
{
    private const string UnknownError = "unknown";

    /// <summary>The member of a result, and those of a failure.</summary>
    public static readonly string[] Result = ["result"];
    public static readonly string[] Failure = ["error", "retryable", "retry_after_seconds"];

    /// <exception cref="ProblemException">422: it is no text. 413: it is too long.</exception>
    public Finished ReadResult(JsonField field, string? token, string? worker, FieldErrors errors)
    {
        var result = errors.Text("result", field);
        errors.Check();
        CheckLength("result", result);
        return new Finished(calls.Now, token, worker, result);
    }

    /// <param name="fields">Those of <see cref="Failure"/>.</param>
    /// <exception cref="ProblemException">422: one of them is wrong. 413: the error is too long.</exception>
    public Failed ReadFailure(ReadOnlySpan<JsonField> fields, string? token, string? worker, FieldErrors errors)
    {
        var text = errors.OptionalText("error", fields[0]);
        var isRetryable = fields[1].Type is JsonTokenType.None or JsonTokenType.Null || errors.Flag("retryable", fields[1]);
        var retryAfter = errors.Seconds("retry_after_seconds", fields[2], JobFields.MaxSeconds, min: 0);
        errors.Check();
        CheckLength("error", text);
        var error = text is null ? "" : Encoding.UTF8.GetString(text).Trim();
        return new Failed(calls.Now, token, worker, error.Length == 0 ? UnknownError : error)
        {
            IsRetryable = isRetryable,
            RetryAfterMs = retryAfter,
            Chance = Random.Shared.NextDouble(),
        };
    }

    /// <summary>The answer to what is not the sender's to say; null where there is nothing to refuse.</summary>
    public static ProblemException? Refuse(JobReply? reply, HolderEvent e) => reply?.Refusal switch
    {
        null => ProblemException.JobNotFound(),
        Refusal.LeaseLost => LeaseLost(reply.Job),
        Refusal.WrongWorker => Conflict(ErrorCodes.WrongWorker, "this worker does not hold the job", reply.Job),
        Refusal.NotRunning when e is Finished && reply.Job.Attempt == 0 =>
            new ProblemException(StatusCodes.Status400BadRequest, ErrorCodes.NotRunning, $"job not in running state: {reply.Job.Status}"),
        Refusal.NotRunning => NotHeld(reply.Job),
        not Refusal.None when e is Heartbeat => NotHeld(reply.Job),
        _ => null,
    };

    /// <summary>Writes what the job is by now, and why where that is not what was said.</summary>
    public static void Write(Utf8JsonWriter json, JobReply reply, HolderEvent e)
    {
        json.WriteString("status", reply.Job.Status);
        if (reply.Refusal == Refusal.AlreadyEnded && Note(reply.Job, e) is { } note) json.WriteString("note", note);
        if (e is Failed && reply.Job.State == JobState.Scheduled) json.WriteNumber("run_at", reply.Job.RunAt!.Value / 1000);
    }

    private static string? Note(Job job, HolderEvent e) => e switch
    {
        Finished => job.State == JobState.Done ? null : "already failed; result ignored",
        Failed => job.State == JobState.Done ? "already done; fail ignored" : null,
        Released => $"already {job.Status}; release ignored",
        _ => null,
    };

    private void CheckLength(string name, byte[]? text)
    {
        if (text?.Length > options.MaxResultBytes)
        {
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
                $"the {name} has {text.Length} bytes; the limit is {options.MaxResultBytes}. Send less, or raise {BrokerVariables.MaxResultBytes}");
        }
    }

    /// <summary>The answer to a stale token.</summary>
    public static ProblemException LeaseLost(Job job) => Conflict(ErrorCodes.LeaseLost,
        "the lease token is not the job's newest: the lease ran out, or another worker has claimed the job since", job);

    private static ProblemException NotHeld(Job job) => Conflict(ErrorCodes.NotRunning, "no worker holds this job", job);

    private static ProblemException Conflict(string code, string why, Job job) =>
        new(StatusCodes.Status409Conflict, code,
            string.Create(CultureInfo.InvariantCulture, $"{why} (it is {job.State.Name()}, attempt {job.Attempt}); nothing was changed"))
        {
            State = job.State.Name(),
        };
}
