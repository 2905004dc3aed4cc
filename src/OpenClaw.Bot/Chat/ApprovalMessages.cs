using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>Jobs that wait for a person's yes, as messages.</summary>
internal sealed class ApprovalMessages(IChatText text, JobMessages messages)
{
    private const int LongestShown = 150;
    private const int LongestNote = 300;
    private const int ShownDigest = 12;
    private const int ShortName = 6;

    /// <summary>The end of a job's id, as everywhere else.</summary>
    public string Name(string jobId) => text.Code(jobId.Length > ShortName ? jobId[^ShortName..] : jobId);

    /// <summary>All that a yes is said to, with the buttons for it.</summary>
    public MessageBody Asked(ApprovalView job)
    {
        var header = $"{text.Bold("Waits for your yes")}: job {Name(job.Id)} ({Code(job.Command)}, {text.Code(job.Id)})\n"
            + $"For {Code(job.Requester ?? "nobody by name")}, made by {Code(job.MadeBy ?? job.Schedule ?? "?")}, queue {Code(job.Queue ?? "?")}\n"
            + (string.IsNullOrEmpty(job.Requires) ? "" : $"Needs {Code(job.Requires)}\n")
            + (string.IsNullOrEmpty(job.Note) ? "" : $"Note: {text.Inline(JobMessages.Clip(job.Note, LongestNote))}\n")
            + (job.WorkerDefinition is { Length: > 0 } definition ? $"Runs {Code(definition)}, digest " : "Digest ")
            + text.Code(JobMessages.Clip(job.Digest, ShownDigest))
            + (job.Until is > 0 and <= uint.MaxValue ? $", denied by itself {text.Ago(DateTimeOffset.FromUnixTimeSeconds(job.Until))}" : "")
            + $"\nPayload{(job.Payload.Length == 0 ? ": none" : ":")}";
        var body = job.Payload.Length == 0 ? new MessageBody(header) : messages.WithText(header, job.Payload, $"payload-{job.Id}.txt");
        return body with { Buttons = ApprovalButtons.For(job.Id, job.Digest) };
    }

    /// <summary>What became of it.</summary>
    /// <param name="how">In words that follow the job's name, such as "approved by anna".</param>
    public MessageBody Decided(ShownApproval shown, string how) =>
        new($"Job {Name(shown.JobId)} ({Code(shown.Command)}, {text.Code(shown.JobId)}): {how}. "
            + $"Digest {text.Code(JobMessages.Clip(shown.Digest, ShownDigest))}.");

    /// <summary>How a job was decided, as its history tells it.</summary>
    public string How(JobView job, JobHistoryView? history)
    {
        var decision = history?.Events.LastOrDefault(e => e.Event is "approved" or "denied");
        var (word, actor) = (decision?.Event, decision?.Actor);
        if (job.Outcome == "denied" || word == "denied") return $"{text.Bold("denied")}{By(actor)}{Comment(decision?.Detail ?? job.Error)}";
        if (word == "approved" && job.Outcome is not ("cancelled" or "expired")) return $"{text.Bold("approved")}{By(actor)}{Comment(decision?.Detail)}";
        return $"nobody is asked any more, it is {text.Bold(job.State ?? job.Status)}";
    }

    public string SaidYes(string actor) => $"{text.Bold("approved")}{By(actor)}";

    public string SaidNo(string actor) => $"{text.Bold("denied")}{By(actor)}";

    private string By(string? actor) => actor is null ? "" : $" by {Code(actor)}";

    private string Comment(string? words) => string.IsNullOrWhiteSpace(words) ? "" : $" ({text.Inline(JobMessages.Clip(words, LongestShown))})";

    private string Code(string words) => text.Code(JobMessages.Clip(words, LongestShown));
}

/// <summary>The buttons under a job that waits for a yes: their ids say which job, and the beginning of what was shown.</summary>
internal static class ApprovalButtons
{
    private const string Approve = "yes:";
    private const string Deny = "no:";
    private const int Beginning = 24;

    public static IReadOnlyList<Button> For(string jobId, string digest) =>
        [new($"{Approve}{jobId}:{Begin(digest)}", "Approve"), .. OnlyDeny(jobId, digest)];

    public static IReadOnlyList<Button> OnlyDeny(string jobId, string digest) => [new($"{Deny}{jobId}:{Begin(digest)}", "Deny", Dangerous: true)];

    /// <summary>Whether the button stood under exactly this.</summary>
    public static bool IsOf(string digest, string beginning) => Begin(digest) == beginning;

    /// <summary>What a button's id means; null where it is none of these.</summary>
    public static (string JobId, string Digest, bool IsYes)? Read(string buttonId)
    {
        var isYes = buttonId.StartsWith(Approve, StringComparison.Ordinal);
        return (isYes || buttonId.StartsWith(Deny, StringComparison.Ordinal)) && buttonId.Split(':') is [_, { Length: > 0 } job, var digest]
            ? (job, digest, isYes)
            : null;
    }

    private static string Begin(string digest) => digest.Length > Beginning ? digest[..Beginning] : digest;
}
