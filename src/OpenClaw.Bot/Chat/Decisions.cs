using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>A person's yes or no to a job that was shown to them.</summary>
internal sealed class Decisions(
    IChatGateway chat, Brokers brokers, BotState state, HeldJobs held, ApprovalMessages approvals, JobMessages messages)
{
    private const int Offered = 10;
    private const int LongestRepeated = 40;
    private const string NoLonger = "Nobody is asked about this job any more; nothing was done.";

    /// <summary>The jobs waiting for this person's yes whose ids begin or end so.</summary>
    public IReadOnlyList<ShownApproval> Find(string user, string wanted)
    {
        var bare = Bare(wanted.Trim('`', '<', '>', ' ').ToLowerInvariant());
        return bare.Length == 0 ? [] :
        [
            .. state.Now.Approvals.Where(a => a.UserId == user && !a.Settled)
                .Where(a => Bare(a.JobId).StartsWith(bare, StringComparison.Ordinal) || Bare(a.JobId).EndsWith(bare, StringComparison.Ordinal)),
        ];
    }

    public IReadOnlyList<Suggestion> Suggest(string user, string typed) =>
    [
        .. state.Now.Approvals.Where(a => a.UserId == user && !a.Settled && a.Shown is not null)
            .Where(a => a.JobId.Contains(typed.Trim(), StringComparison.OrdinalIgnoreCase)
                || a.Command.StartsWith(typed.Trim(), StringComparison.OrdinalIgnoreCase))
            .Select(a => new Suggestion($"{JobMessages.Clip(a.Command, LongestRepeated)} {a.JobId}", a.JobId)),
    ];

    public async Task DecideAsync(Conversation conversation, string wanted, bool isYes, CancellationToken stop)
    {
        var (user, shown) = (conversation.Asked.UserId, chat.Text.Code(JobMessages.Clip(wanted, LongestRepeated)));
        var none = $"Nothing waits for your yes whose id begins or ends with {shown}.";
        switch (Find(user, wanted))
        {
            case []:
                await conversation.TellAsync(none);
                break;
            case [var one]:
                await conversation.BeginAsync();
                var said = "";
                await held.AloneAsync(async () => said = state.Now.Approval(user, one.JobId) is { Settled: false } waiting
                    ? await DecideAsync(waiting, isYes, isCurrent: true, stop)
                    : none, stop);
                await conversation.AnswerAsync(new MessageBody(said));
                break;
            case var several:
                await conversation.TellAsync($"{shown} may be {several.Count} jobs. Say which: "
                    + string.Join(", ", several.Take(Offered).Select(a => chat.Text.Code(a.JobId))) + (several.Count > Offered ? ", …" : ""));
                break;
        }
    }

    /// <summary>By a button: it goes at once, and comes back where nothing was decided.</summary>
    public async Task PressAsync(Conversation conversation, ButtonPressed pressed, string jobId, string digest, bool isYes, CancellationToken stop)
    {
        await held.AloneAsync(async () =>
        {
            // Not before: who sends a message learns its id after people can see it.
            if (state.Now.Approval(pressed.UserId, jobId) is not { Settled: false, Shown: { } message } shown || message.Id != pressed.MessageId)
            {
                await conversation.TellAsync(NoLonger);
                return;
            }
            state.Change(d => d.With(pressed.UserId, jobId, a => a with { IsDeciding = true }));
            await conversation.ReplaceAsync(new MessageBody(null));
            var said = await DecideAsync(shown, isYes, ApprovalButtons.IsOf(shown.Digest, digest), stop);
            if (state.Now.Approval(pressed.UserId, jobId) is not { Settled: false }) return;
            await chat.SendAsync(message.ChannelId, new MessageBody(said), "a" + pressed.Id, message.Id);
        }, stop);
    }

    /// <summary>Sends the decision with the digest that was shown.</summary>
    /// <param name="isCurrent">Whether the person saw what the message shows now.</param>
    /// <returns>What came of it.</returns>
    private async Task<string> DecideAsync(ShownApproval shown, bool isYes, bool isCurrent, CancellationToken stop)
    {
        var name = approvals.Name(shown.JobId);
        try
        {
            if (!isCurrent) return await AnewAsync(shown, stop);
            await brokers.Of(shown.UserId).DecideAsync(shown.JobId, isYes, shown.Digest, stop: stop);
            var actor = $"{chat.Name}:{shown.UserId}";
            await held.SettleAsync(shown.JobId, isYes ? approvals.SaidYes(actor) : approvals.SaidNo(actor));
            return $"Job {name} is {(isYes ? "approved" : "denied")}.";
        }
        catch (BrokerException e)
        {
            return await RefusedAsync(shown, e, stop);
        }
    }

    private async Task<string> RefusedAsync(ShownApproval shown, BrokerException refusal, CancellationToken stop)
    {
        var name = approvals.Name(shown.JobId);
        try
        {
            switch (refusal)
            {
                case { Code: ErrorCodes.DigestChanged }:
                    return await AnewAsync(shown, stop);
                case { Code: ErrorCodes.AlreadyDecided } or { Status: 404 }:
                    await held.SettleFromHistoryAsync(shown.UserId, shown.JobId, stop);
                    return $"Job {name} was decided already, or nobody is asked about it any more.";
                case { Code: ErrorCodes.OwnJob }:
                    await PutButtonsAsync(shown, ApprovalButtons.OnlyDeny(shown.JobId, shown.Digest));
                    return $"Job {name} is your own: somebody else has to approve it.";
            }
        }
        catch (BrokerException e)
        {
            refusal = e;
        }
        await PutButtonsAsync(shown, ApprovalButtons.For(shown.JobId, shown.Digest));
        return messages.Refused(refusal, $"The broker knows no job {name}.");
    }

    /// <summary>Shows the job as it is by now.</summary>
    private async Task<string> AnewAsync(ShownApproval shown, CancellationToken stop)
    {
        var name = approvals.Name(shown.JobId);
        if (await held.FindAsync(shown.UserId, shown.JobId, stop) is { } job)
        {
            await held.ShowAsync(shown.UserId, job);
            return $"Job {name} has changed since it was shown; nothing was decided. Look at it again.";
        }
        await held.SettleFromHistoryAsync(shown.UserId, shown.JobId, stop);
        return $"Nobody is asked about job {name} any more; nothing was decided.";
    }

    private async Task PutButtonsAsync(ShownApproval shown, IReadOnlyList<Button> buttons)
    {
        if (shown.Shown is not { } message) return;
        var delivery = await chat.EditAsync(message, new MessageBody(null, buttons));
        if (delivery.IsDelivered) state.Change(d => d.With(shown.UserId, shown.JobId, a => a with { IsDeciding = false }));
    }

    private static string Bare(string id) => id.Replace("-", "", StringComparison.Ordinal);
}
