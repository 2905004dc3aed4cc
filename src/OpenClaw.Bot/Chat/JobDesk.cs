using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>The commands that look at jobs and stop them.</summary>
internal sealed class JobDesk(BotParts parts)
{
    private const int Listed = 15;

    public async Task StatusAsync(Exchange exchange, string text, CancellationToken stop)
    {
        await exchange.BeginAsync();
        var (id, refusal) = JobIds.Resolve(parts.State.Now, exchange.Asked.UserId, text);
        await exchange.SayAsync(id is null ? new MessageBody(refusal!) : await AskAsync(id, async () => Rendering.Status(id, await parts.Broker.GetAsync(id, default, stop))));
    }

    public async Task CancelAsync(Exchange exchange, string text, CancellationToken stop)
    {
        await exchange.BeginAsync();
        var (id, refusal) = JobIds.Resolve(parts.State.Now, exchange.Asked.UserId, text);
        await exchange.SayAsync(id is null ? new MessageBody(refusal!) : await AskAsync(id, () => CancelAsync(id, exchange.Asked.UserId, stop)));
    }

    /// <summary>A watch, or the sentence that says why there is none.</summary>
    public (TrackedJob? Watch, string? Refusal) Watch(ChatEvent asked, string text)
    {
        var data = parts.State.Now;
        var (id, refusal) = JobIds.Resolve(data, asked.UserId, text);
        if (id is null) return (null, refusal);
        var own = data.Jobs.FirstOrDefault(j => j.JobId == id && j.UserId == asked.UserId);
        return (new TrackedJob
        {
            Key = asked.Id,
            UserId = asked.UserId,
            ChannelId = asked.ChannelId,
            Command = own?.Command ?? "job",
            AskedAt = parts.Clock.GetUtcNow(),
            ReplyTo = asked is TextReceived ? asked.Id : null,
            Interaction = (asked as InteractionReceived)?.Handle,
            JobId = id,
            IsWatch = true,
        }, null);
    }

    /// <summary>The person's own jobs, newest first.</summary>
    public string List(string user)
    {
        var jobs = parts.State.Now.Jobs.Where(j => j.UserId == user && !j.IsWatch).OrderByDescending(j => j.AskedAt).ToList();
        if (jobs.Count == 0) return "You have no jobs yet. Try `ping hello`.";
        var text = new StringBuilder($"Your jobs, newest first{(jobs.Count > Listed ? $" ({Listed} of {jobs.Count})" : "")}:");
        foreach (var job in jobs.Take(Listed))
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n`{job.JobId ?? "not sent yet"}` {job.Command}, **{job.Status}**, <t:{job.AskedAt.ToUnixTimeSeconds()}:R>");
        }
        return text.ToString();
    }

    public string WhoAmI(ChatEvent asked)
    {
        var data = parts.State.Now;
        return $"You are user `{asked.UserId}` and may use this bot.\n"
            + $"Jobs in progress: {Guardrails.Active(data, asked.UserId)} of {parts.Settings.MaxConcurrent}\n"
            + string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Wait between commands: {parts.Settings.Cooldown.TotalSeconds:0.##} s");
    }

    private async Task<MessageBody> CancelAsync(string id, string user, CancellationToken stop)
    {
        try
        {
            var answer = await parts.Broker.CancelAsync(id, "cancelled in chat", stop);
            return new MessageBody(answer switch
            {
                { Status: JobStatuses.Running } => $"Job `{id}` is running; its worker is told to stop.",
                { Note: not null } => $"Job `{id}` had ended already: **{answer.Status}**.",
                _ => $"Job `{id}` is cancelled.",
            });
        }
        catch (BrokerException e) when (e.Status is 405 || (e.Status is 404 && e.Code is null))
        {
            var job = await parts.Broker.GetAsync(id, default, stop);
            if (JobStatuses.IsFinal(job.Status)) return new MessageBody($"Job `{id}` had ended already: **{job.Status}**.");
            parts.State.Change(d => d with { Jobs = [.. d.Jobs.Select(j => j.JobId == id && j.UserId == user ? j with { GivenUp = true, Ended = true } : j)] });
            return new MessageBody($"This broker can't cancel jobs. Job `{id}` goes on there, but it is no longer watched here and no longer counts for you.");
        }
    }

    private static async Task<MessageBody> AskAsync(string id, Func<Task<MessageBody>> ask)
    {
        try
        {
            return await ask();
        }
        catch (BrokerException e) when (e.Status == 404)
        {
            return new MessageBody($"The broker knows no job `{id}`.");
        }
        catch (BrokerException e)
        {
            return new MessageBody(e.IsPassing ? $"{Rendering.BrokerAway} Try again in a moment." : $"Broker error: {Markdown.Code(e.Message)}");
        }
    }
}
