using System.Text.Json;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>Jobs as messages.</summary>
internal sealed class JobMessages(IChatText text)
{
    /// <summary>Left for the sentence of <see cref="WithoutFile"/>.</summary>
    private const int Reserve = 100;

    private const int FirstExcerpt = 1500;
    private const int NewestShown = 600;
    private const int NewestLines = 15;
    private const int LongestForeignName = 150;
    private const int LongestReason = 1000;

    public const string BrokerAway = "The broker can't be reached right now.";
    public const string TryAgain = BrokerAway + " Try again in a moment.";

    private int Longest => text.LongestMessage - Reserve;

    /// <summary>A wish that the broker could not be told yet.</summary>
    public MessageBody Waiting(string command) =>
        new($"{BrokerAway} Your {text.Code(command)} is kept and will be sent as soon as it is back.");

    /// <summary>A job that has not ended.</summary>
    /// <param name="view">As the broker showed it last; null: it was just made.</param>
    /// <param name="away">Whether the broker can't be asked now.</param>
    /// <param name="late">Whether the person was promised a word by now.</param>
    public MessageBody Progress(NamedJob job, JobView? view, bool away, bool late, LiveView live)
    {
        var written = live.Text.Length == 0 ? null : Newest(live);
        if (away) return new($"{Heading(job)}: {BrokerAway} This message goes on when it is back.{written}");
        var state = view is { Status: JobStatuses.Running } ? Running(view) : text.Bold("queued");
        if (view is { CancelRequested: true }) state += ", asked to stop";
        var step = live.Step ?? (view?.Progress is { } progress ? LiveOutput.StepOf(progress.Percent, progress.Message) : null);
        if (step is not null) state += $", {text.Inline(Clip(step, LongestForeignName))}";
        var why = live.Why is { Length: > 0 } reason ? $"\n{text.Inline(Clip(reason, LongestForeignName))}" : "";
        return late
            ? new($"{Heading(job)}: still {state}. Job ID: {job.Id} (try: {text.Code("status " + job.Name)}){why}"
                + (written ?? "\nThe result will be shown here when it ends."))
            : new($"{Heading(job)}: {state}.{(written is null && why.Length == 0 ? " Waiting for the result…" : "")}{why}{written}");
    }

    /// <summary>A job that has ended, in the words of its command, with what it wrote.</summary>
    /// <param name="output">Null where it can't be read.</param>
    public MessageBody Final(NamedJob job, JobView view, string? output = "")
    {
        var result = view.Status == JobStatuses.Done ? view.Result ?? "" : view.Error ?? "";
        if (string.IsNullOrWhiteSpace(output))
        {
            var ended = WithoutOutput(job, view);
            return output is null ? ended with { Text = $"{ended.Text}\n(What it wrote can't be read.)" } : ended;
        }
        if (view.Status == JobStatuses.Done && output.Contains(result.Trim(), StringComparison.Ordinal))
        {
            return WithText($"{Heading(job)}: {text.Bold("done")}", output, job);
        }
        var body = WithoutOutput(job, view);
        var shown = $"{body.Text}\nOutput:\n{text.Block(output)}";
        if (body.File is null && shown.Length <= Longest) return body with { Text = shown };
        var file = body.File is { } whole ? $"{whole.Content}\n\nOutput:\n{output}" : output;
        return body with { Text = $"{body.Text}\n(What it wrote is in the file.)", File = new TextFile($"job-{job.Name}.txt", file) };
    }

    private MessageBody WithoutOutput(NamedJob job, JobView view)
    {
        if (view.Status != JobStatuses.Done) return Failed(Heading(job), job, view);
        var done = $"{Heading(job)}: {text.Bold("done")}";
        if (view.Command.StartsWith("repo_", StringComparison.Ordinal) && ForeignJson.Object(view.Result ?? "") is { } answer
            && RepoAnswer.Read(view.Command, answer, text) is { } repo)
        {
            return repo.Content is null ? new($"{done}\n{repo.Sentence}") : WithText($"{done}\n{repo.Sentence}", repo.Content, job);
        }
        return Known(view.Command, view.Result ?? "") is { } known && done.Length + 1 + known.Length <= Longest
            ? new($"{done}\n{known}")
            : WithText(done, ResultOf(view), job);
    }

    /// <summary>The end of a job, where the chat refuses its text in every form.</summary>
    public MessageBody FinalWithoutText(NamedJob job, string status) =>
        new($"{Heading(job)}: {text.Bold(status)}. The chat refuses to show its text; ask the broker for job {job.Id}.");

    /// <summary>For a reply beside the message that shows it: a job has ended.</summary>
    public MessageBody Ended(NamedJob job, string status) => new($"{Heading(job)} has ended: {text.Bold(status)}.");

    /// <summary>A job as it is, its result as it came.</summary>
    public MessageBody Status(NamedJob job, JobView view)
    {
        var heading = $"Job {text.Code(job.Name)} ({text.Code(Clip(view.Command, LongestForeignName))}, {text.Code(job.Id)})";
        return view.Status switch
        {
            JobStatuses.Done => WithText($"{heading}: {text.Bold("done")}", ResultOf(view), job),
            JobStatuses.Failed => Failed(heading, job, view),
            JobStatuses.Running => new($"{heading}: {Running(view)}"),
            JobStatuses.Queued => new($"{heading}: {text.Bold("queued")}"),
            var other => new($"{heading}: {text.Inline(Clip(other, LongestForeignName))}"),
        };
    }

    /// <summary>Why a job is not running, or how it ended.</summary>
    public MessageBody Why(NamedJob job, JobExplanation why)
    {
        var until = why.Until is >= 0 and <= uint.MaxValue and var at ? $" Until: {text.Ago(DateTimeOffset.FromUnixTimeSeconds(at))}." : "";
        var help = why.State is JobStates.Failed or JobStates.Cancelled ? $"\nTo do it again: {text.Code("retry " + job.Name)}" : "";
        return new($"Job {text.Code(job.Name)}: {text.Bold(why.State)}, {text.Inline(Clip(why.Text, LongestReason))}.{until}{help}");
    }

    public MessageBody NoLongerWatched(NamedJob job) => new($"{Heading(job)}: no longer watched. {text.Code("status " + job.Name)} shows it.");

    /// <summary>Why a job's button does nothing any more.</summary>
    /// <param name="view">The job as it is now.</param>
    public string NoLongerFailed(NamedJob job, JobView view) => view.State == JobStates.Failed
        ? $"{Heading(job)} was done again already, and has failed again. {text.Code($"{Commands.Retry} {job.Name}")} does it once more."
        : $"{Heading(job)} is no longer failed, it is {text.Bold(view.State ?? view.Status)}. Nothing was done.";

    /// <summary>A button that was pressed before.</summary>
    public string RetriedAlready(NamedJob job) => $"{Heading(job)} was done again already. {text.Code($"{Commands.Status} {job.Name}")} shows it.";

    public MessageBody NoLongerKnown(NamedJob job) => new($"{Heading(job)}: the broker no longer knows it.");

    public static MessageBody WithoutFile(MessageBody body, int bytes) =>
        body with { File = null, Text = $"{body.Text}\n(The whole, {bytes:N0} bytes, is larger than this chat takes as a file.)" };

    /// <summary>Why the broker did not do what was asked.</summary>
    /// <param name="unknown">What is said where it doesn't know what was named.</param>
    public string Refused(BrokerException e, string unknown) => e switch
    {
        { Status: 404, Code: null } or { Status: 405 } => "This broker can't do that.",
        { Status: 404 } => unknown,
        { IsPassing: true } => TryAgain,
        _ => $"The broker refused this: {Reason(e.Message)}",
    };

    /// <summary>Somebody else's reason for a refusal.</summary>
    public string Reason(string detail) => text.Code(Clip(detail, LongestReason));

    /// <summary>The plan in a result of <c>plan_echo</c>, if it is one.</summary>
    public static string? PlanIdOf(JobView view) =>
        view is { Status: JobStatuses.Done, Command: "plan_echo", Result: { } result } && ForeignJson.Object(result) is { } plan
            ? plan.TextOf("plan_id")
            : null;

    /// <summary>The newest lines of what a job writes, in a block.</summary>
    private string Newest(LiveView live)
    {
        for (var most = NewestShown; ; most /= 2)
        {
            var (lines, isAll) = Excerpt.End(live.Text, most, NewestLines);
            var block = text.Block(lines);
            if (block.Length <= 2 * NewestShown) return $"{(isAll && live.IsWhole ? "" : " The newest lines:")}\n{block}";
        }
    }

    private string Heading(NamedJob job) => $"Job {text.Code(job.Name)} ({text.Code(job.Command)})";

    private string Running(JobView view) =>
        text.Bold("running") + (view.WorkerId is { } worker ? " on " + text.Code(Clip(worker, LongestForeignName)) : "");

    private static string ResultOf(JobView view) => string.IsNullOrEmpty(view.Result) ? "(no result)" : view.Result;

    private MessageBody Failed(string heading, NamedJob job, JobView view)
    {
        var error = view.Error ?? view.Result ?? "unknown";
        return view.State == JobStates.Cancelled || error.StartsWith("cancelled", StringComparison.Ordinal)
            ? WithText($"{heading}: {text.Bold("cancelled")}", error, job)
            : WithText($"{heading}: {text.Bold("failed")}\nError:", error, job) with { Buttons = RetryButtons(job, view) };
    }

    /// <summary>None from a broker that can't do it, and none for an approval: a plan is approved again by the rules of its own.</summary>
    private static IReadOnlyList<Button>? RetryButtons(NamedJob job, JobView view) =>
        view.State == JobStates.Failed && view.Command != Commands.Find(Commands.Approve)!.BrokerCommand ? RetryButton.For(job.Id, view.Round) : null;

    private MessageBody WithText(string header, string content, NamedJob job) => WithText(header, content, $"job-{job.Name}.txt");

    /// <summary>A text below a header; where it is longer than a message holds, its beginning, with the whole as a file.</summary>
    public MessageBody WithText(string header, string content, string file)
    {
        var whole = $"{header}\n{text.Block(content)}";
        if (whole.Length <= Longest) return new(whole);
        for (var most = FirstExcerpt; ; most /= 2)
        {
            var excerpt = Excerpt.Of(content, most);
            var cut = $"{header} ({excerpt.HowMuch}; the whole is in the file)\n{text.Block(excerpt.Text)}";
            if (cut.Length <= Longest) return new(cut, File: new TextFile(file, content));
        }
    }

    private string? Known(string command, string result)
    {
        if (command is not ("capabilities" or "plan_echo" or "approve_echo") || ForeignJson.Object(result) is not { } data) return null;
        return command switch
        {
            "capabilities" => $"Worker: {text.Code(data.TextOf("worker_id") ?? "?")}\n"
                + $"Capabilities: {string.Join(", ", data.ItemsOf("capabilities").Select(text.Inline))}",
            "plan_echo" => Plan(data),
            _ => $"Status: {text.Inline(data.TextOf("status") ?? "?")}" + (data.TextOf("note") is { Length: > 0 } note ? "\n" + Words(note) : ""),
        };
    }

    private string? Plan(JsonElement data) => data.TextOf("plan_id") is { } id
        ? $"Plan ID: {text.Code(id)}\nSummary: {Words(data.TextOf("summary") ?? "")}\nTo apply: {text.Code("approve " + id)}"
        : null;

    /// <summary>Words of a line in the line; everything else in a block.</summary>
    private string Words(string words) => words.AsSpan().ContainsAny('\n', '`') ? "\n" + text.Block(words) : text.Inline(words);

    public static string Clip(string words, int most) => words.Length <= most ? words : words[..most] + "…";
}
