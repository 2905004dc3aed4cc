namespace OpenClaw.Bot.Chat;

/// <summary>Who may approve which plan: its maker, in time, once.</summary>
internal sealed class PlanDesk(BotParts parts)
{
    /// <summary>Why a person may not approve or cancel this plan now; null: they may, or the bot doesn't know the plan.</summary>
    public string? Refuse(BotData data, string user, string planId)
    {
        var plan = data.Plans.FirstOrDefault(p => p.PlanId == planId && p.UserId == user);
        if (plan is null) return data.Plans.Any(p => p.PlanId == planId) ? $"Unknown plan {Markdown.Code(planId)}." : null;
        if (plan.State == PlanState.Approved) return $"Plan {Markdown.Code(planId)} was approved already.";
        if (plan.State == PlanState.Cancelled) return $"Plan {Markdown.Code(planId)} was cancelled.";
        return parts.Clock.GetUtcNow() - plan.MadeAt <= parts.Settings.ApproveTime
            ? null
            : $"Plan {Markdown.Code(planId)} is older than {parts.Settings.ApproveTime.TotalMinutes:0} minutes. Have it made again with `plan`.";
    }

    public static PlanRecord? Find(BotData data, string user, string planId) => data.Plans.FirstOrDefault(p => p.PlanId == planId && p.UserId == user);

    public IReadOnlyList<Suggestion> Suggest(string user, string typed) =>
    [
        .. parts.State.Now.Plans.Where(p => p.UserId == user && p.State == PlanState.Open && p.PlanId.Contains(typed.Trim(), StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(p => p.MadeAt).Take(25).Select(p => new Suggestion(p.PlanId, p.PlanId)),
    ];

    /// <summary>Cancels a plan by its button.</summary>
    public async Task CancelAsync(ButtonPressed pressed, string planId)
    {
        var note = $"Plan {Markdown.Code(planId)} is cancelled; nothing was applied.";
        var text = pressed.MessageText.Length is > 0 and < 1800 ? $"{pressed.MessageText}\n{note}" : note;
        var body = new MessageBody(text);
        if (!await parts.Chat.AnswerAsync(pressed.Handle, new Replace(body), parts.Speaking)) await EditAsync(pressed, body);
    }

    /// <summary>Takes the buttons off a plan that was approved by one of them.</summary>
    public async Task TakeButtonsAsync(ButtonPressed pressed)
    {
        if (!await parts.Chat.AnswerAsync(pressed.Handle, new Replace(new MessageBody(null)), parts.Speaking)) await EditAsync(pressed, new MessageBody(null));
    }

    /// <summary>Takes the buttons off a plan that was approved by text, or before a restart.</summary>
    public async Task TakeButtonsAsync(string user, string planId)
    {
        if (Find(parts.State.Now, user, planId)?.Shown is { } shown) await parts.Chat.EditAsync(shown, new MessageBody(null), parts.Speaking);
    }

    private Task<Delivery> EditAsync(ButtonPressed pressed, MessageBody body) =>
        parts.Chat.EditAsync(new MessageRef(pressed.ChannelId, pressed.MessageId), body, parts.Speaking);
}
