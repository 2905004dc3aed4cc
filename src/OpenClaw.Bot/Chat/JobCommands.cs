using System.Globalization;
using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>The commands that look at jobs and stop them.</summary>
internal sealed class JobCommands(IChatText text, Brokers brokers, BotState state, ChatSettings settings, JobMessages messages)
{
    private const int Listed = 15;
    private const int Offered = 10;
    private const int LongestRepeated = 40;

    /// <summary>The one job that a person means, or the sentence that says why there is none.</summary>
    public (string? Id, string? Refusal) Find(string user, string wanted)
    {
        var found = JobNames.Find(state.Now, user, wanted);
        var shown = text.Code(JobMessages.Clip(wanted, LongestRepeated));
        return found.Count switch
        {
            1 => (found[0], null),
            0 => (null, $"No job of yours has an id that begins or ends with {shown}. {text.Code(Commands.Jobs)} lists them."),
            _ => (null, $"{shown} may be {found.Count} of your jobs. Say which: "
                + string.Join(", ", found.Take(Offered).Select(id => Candidate(user, id))) + (found.Count > Offered ? ", …" : "")),
        };
    }

    public async Task StatusAsync(Conversation conversation, string wanted, CancellationToken stop)
    {
        await conversation.BeginAsync();
        var user = conversation.Asked.UserId;
        var status = await AskAsync(user, wanted, async job => messages.Status(job, await brokers.Of(user).GetAsync(job.Id, default, stop)));
        await conversation.AnswerAsync(status);
    }

    public async Task CancelAsync(Conversation conversation, string wanted, CancellationToken stop)
    {
        await conversation.BeginAsync();
        var user = conversation.Asked.UserId;
        await conversation.AnswerAsync(await AskAsync(user, wanted, job => CancelAsync(job, user, stop)));
    }

    public async Task WhyAsync(Conversation conversation, string wanted, CancellationToken stop)
    {
        await conversation.BeginAsync();
        var user = conversation.Asked.UserId;
        await conversation.AnswerAsync(await AskAsync(user, wanted, async job => messages.Why(job, await brokers.Of(user).ExplainAsync(job.Id, stop))));
    }

    public async Task RetryAsync(Conversation conversation, string wanted, CancellationToken stop)
    {
        await conversation.BeginAsync();
        var user = conversation.Asked.UserId;
        await conversation.AnswerAsync(await AskAsync(user, wanted, async job =>
        {
            await brokers.Of(user).RetryAsync(job.Id, stop: stop);
            return new MessageBody($"Job {text.Code(job.Name)} is {text.Bold("queued")} again. {text.Code("watch " + job.Name)} shows it until it ends.");
        }));
    }

    /// <summary>The person's own jobs, newest first.</summary>
    public string List(string user)
    {
        var data = state.Now;
        var jobs = data.Jobs.Where(j => j.UserId == user && !j.IsWatch).OrderByDescending(j => j.AskedAt).DistinctBy(j => j.JobId ?? j.Key).ToList();
        if (jobs.Count == 0) return $"You have no jobs yet. Try {text.Code("ping hello")}.";
        var list = new StringBuilder($"Your jobs, newest first{(jobs.Count > Listed ? $" ({Listed} of {jobs.Count})" : "")}:");
        foreach (var job in jobs.Take(Listed))
        {
            var name = job.JobId is { } id ? text.Code(JobNames.Of(data, user, id)) : "not sent yet";
            list.Append(CultureInfo.InvariantCulture, $"\n{name} {text.Inline(job.Command)}, {text.Bold(job.Status)}, {text.Ago(job.AskedAt)}");
        }
        return list.ToString();
    }

    public string WhoAmI(ChatEvent asked)
    {
        var inProgress = Guardrails.Active(state.Now, asked.UserId);
        return $"You are user {text.Code(asked.UserId)} and may use this bot.\n"
            + $"Jobs in progress: {inProgress} of {settings.MaxConcurrent}\n"
            + string.Create(CultureInfo.InvariantCulture, $"Wait between commands: {settings.Cooldown.TotalSeconds:0.##} s");
    }

    private string Candidate(string user, string id)
    {
        var data = state.Now;
        var job = data.Jobs.First(j => j.UserId == user && j.JobId == id);
        return $"{text.Code(JobNames.Of(data, user, id))} ({text.Inline(job.Command)}, {job.Status})";
    }

    private async Task<MessageBody> CancelAsync(NamedJob job, string user, CancellationToken stop)
    {
        var name = text.Code(job.Name);
        try
        {
            var answer = await brokers.Of(user).CancelAsync(job.Id, "cancelled in chat", stop);
            return new MessageBody(answer switch
            {
                { Status: JobStatuses.Running } => $"Job {name} is running; its worker is told to stop.",
                { Note: not null } => $"Job {name} had ended already: {text.Bold(answer.Status)}.",
                _ => $"Job {name} is cancelled.",
            });
        }
        catch (BrokerException e) when (e.Status is 405 || (e.Status is 404 && e.Code is null))
        {
            var view = await brokers.Of(user).GetAsync(job.Id, default, stop);
            if (JobStatuses.IsFinal(view.Status)) return new MessageBody($"Job {name} had ended already: {text.Bold(view.Status)}.");
            state.Change(d => d with { Jobs = [.. d.Jobs.Select(j => j.JobId == job.Id && j.UserId == user ? j with { GivenUp = true, Ended = true } : j)] });
            return new MessageBody($"This broker can't cancel jobs. Job {name} goes on there, but it is no longer watched here and no longer counts for you.");
        }
    }

    /// <summary>The answer to a question about a job, or why there is none.</summary>
    private async Task<MessageBody> AskAsync(string user, string wanted, Func<NamedJob, Task<MessageBody>> ask)
    {
        var (id, refusal) = Find(user, wanted);
        if (id is null) return new MessageBody(refusal!);
        try
        {
            return await ask(new NamedJob(id, JobNames.Of(state.Now, user, id), ""));
        }
        catch (BrokerException e)
        {
            return new MessageBody(messages.Refused(e, $"The broker knows no job {text.Code(id)}."));
        }
    }
}
