using System.Security.Cryptography;
using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>Shows jobs that wait for a person's yes to each who may give it, and what became of them, wherever that was decided.</summary>
internal sealed class HeldJobs(
    IChatGateway chat, Brokers brokers, BotState state, ChatSettings settings, ApprovalMessages messages, TimeProvider clock, ProgramLog log)
{
    private const int MostPages = 10;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestOutage = TimeSpan.FromMinutes(1);

    /// <summary>For who is no approver, or can't be written to.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (DateTimeOffset Next, TimeSpan Pause)> looks = [];

    /// <summary>Held while a message of this room is decided about: its person and the loop don't write it at once.</summary>
    private SemaphoreSlim Gate { get; } = new(1);

    /// <summary>Looks again and again, for each person who may use the bot, until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            foreach (var user in settings.AllowedUsers.Order(StringComparer.Ordinal))
            {
                var (next, pause) = looks.GetValueOrDefault(user, (DateTimeOffset.MinValue, BetweenLooks / 2));
                if (next > clock.GetUtcNow()) continue;
                var most = await LookAsync(user, stop);
                pause = pause * 2 < most ? pause * 2 : most;
                looks[user] = (clock.GetUtcNow() + pause, pause);
            }
            var wait = looks.Values.Min(l => l.Next) - clock.GetUtcNow();
            if (wait > TimeSpan.Zero) await Task.Delay(wait, clock, stop);
        }
    }

    /// <summary>Does something with a person's message while nobody else does.</summary>
    public async Task AloneAsync(Func<Task> act, CancellationToken stop)
    {
        await Gate.WaitAsync(stop);
        try
        {
            await act();
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>The job as it waits for this person's yes now; null where it doesn't.</summary>
    /// <exception cref="BrokerException">The broker can't be asked, or refuses.</exception>
    public async Task<ApprovalView?> FindAsync(string user, string jobId, CancellationToken stop) =>
        (await ListAsync(user, stop)).Waiting.FirstOrDefault(j => j.Id == jobId);

    /// <summary>Writes the person's message about a job anew.</summary>
    public async Task ShowAsync(string user, ApprovalView job)
    {
        if (state.Now.Approval(user, job.Id)?.Shown is not { } shown) return;
        var delivery = await DeliverAsync(messages.Asked(job), body => chat.EditAsync(shown, body));
        if (delivery.IsDelivered) state.Change(d => d.With(user, job.Id, a => a with { Digest = job.Digest, IsDeciding = false }));
        if (delivery.Outcome == DeliveryOutcome.Gone) state.Change(d => d.With(user, job.Id, a => a with { Shown = null }));
    }

    /// <summary>Says everywhere that a job is decided; the buttons go.</summary>
    public async Task SettleAsync(string jobId, string how)
    {
        foreach (var shown in state.Now.Approvals.Where(a => a.JobId == jobId && !a.Settled).ToList()) await SettleAsync(shown, how);
    }

    /// <summary>Says what the broker tells of a job for which nobody is asked any more.</summary>
    /// <exception cref="BrokerException">The broker can't be asked.</exception>
    public async Task SettleFromHistoryAsync(string user, string jobId, CancellationToken stop)
    {
        var broker = brokers.Of(user);
        try
        {
            var job = await broker.GetAsync(jobId, default, stop);
            if (job.Holds?.Any(h => h.Kind == "approval") == true && job.State == JobStates.Held) return;
            await SettleAsync(jobId, messages.How(job, await broker.GetHistoryAsync(jobId, stop)));
        }
        catch (BrokerException e) when (e.Status == 404)
        {
            await SettleAsync(jobId, "the broker no longer knows it");
        }
    }

    /// <returns>How long it may take at most until the next look.</returns>
    private async Task<TimeSpan> LookAsync(string user, CancellationToken stop)
    {
        var asked = clock.GetUtcNow();
        try
        {
            var (waiting, isAll) = await ListAsync(user, stop);
            var isWell = true;
            await AloneAsync(async () =>
            {
                foreach (var job in waiting) isWell &= await TakeAsync(user, job, asked);
                if (!isAll) return;
                var ids = waiting.Select(j => j.Id).ToHashSet();
                foreach (var gone in state.Now.Approvals.Where(a => a.UserId == user && !a.Settled && !ids.Contains(a.JobId)).ToList())
                {
                    await SettleFromHistoryAsync(user, gone.JobId, stop);
                }
            }, stop);
            return isWell ? BetweenLooks : LongestPause;
        }
        catch (BrokerException e)
        {
            if (e.IsPassing) log.Warn("broker: it can't be asked what waits for a yes", ("user", user), ("reason", Reasons.Of(e)));
            return e.IsPassing ? LongestOutage : LongestPause;
        }
    }

    private async Task<(IReadOnlyList<ApprovalView> Waiting, bool IsAll)> ListAsync(string user, CancellationToken stop)
    {
        var (waiting, person) = (new List<ApprovalView>(), $"{chat.Name}:{user}");
        string? cursor = null;
        for (var pages = 0; pages < MostPages; pages++)
        {
            var page = await brokers.Of(user).ListApprovalsAsync(cursor, stop);
            // Where all have the bot's rights, the broker alone knows by which name it is asked.
            waiting.AddRange(page.Approvals.Where(j => j.By is null || brokers.ActsFor is null || j.By.Contains(person)));
            if ((cursor = page.Next) is null) return (waiting, true);
        }
        return (waiting, false);
    }

    private async Task<bool> TakeAsync(string user, ApprovalView job, DateTimeOffset asked)
    {
        if (state.Now.Approvals.Any(a => a.JobId == job.Id && a.Settled && a.SettledAt >= asked)) return true; // Decided after the broker was asked.
        switch (state.Now.Approval(user, job.Id))
        {
            case null or { Settled: true } or { Shown: null }:
                return await PostAsync(user, job);
            case var known:
                if (known.Digest != job.Digest || known.IsDeciding) await ShowAsync(user, job);
                return true;
        }
    }

    /// <summary>Remembered before and after: a bot that is killed meanwhile sends it again by the same key, and there is one.</summary>
    private async Task<bool> PostAsync(string user, ApprovalView job)
    {
        if (await chat.OpenDirectAsync(user) is not { } channel) return false;
        var shown = new ShownApproval(job.Id, user, job.Command, job.Digest);
        state.Change(d => d.With(shown));
        var once = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{user} {job.Id} {job.Digest} {job.HeldSince}")))[..16];
        var delivery = await DeliverAsync(messages.Asked(job), body => chat.SendAsync(channel, body, "h" + once, null));
        if (!delivery.IsDelivered) return false;
        state.Change(d => d.With(user, job.Id, a => a with { Shown = delivery.Message }));
        log.Info("asked for a yes", ("job_id", job.Id), ("user", user));
        return true;
    }

    private async Task SettleAsync(ShownApproval shown, string how)
    {
        if (shown.Shown is { } message && (await chat.EditAsync(message, messages.Decided(shown, how))).Outcome == DeliveryOutcome.Unreached) return;
        state.Change(d => d.With(shown.UserId, shown.JobId, a => a with { Settled = true, SettledAt = clock.GetUtcNow() }));
    }

    private static async Task<Delivery> DeliverAsync(MessageBody body, Func<MessageBody, Task<Delivery>> send)
    {
        var delivery = await send(body);
        return delivery.Outcome is DeliveryOutcome.TooLarge or DeliveryOutcome.Refused && body.File is { } file
            ? await send(JobMessages.WithoutFile(body, Encoding.UTF8.GetByteCount(file.Content)))
            : delivery;
    }
}
