namespace OpenClaw.Bot.Chat;

/// <summary>Who may approve which plan: its maker, in time, once.</summary>
internal sealed class Plans(IChatGateway chat, BotState state, ChatSettings settings, TimeProvider clock)
{
    /// <summary>Left for the sentence that a cancelled plan ends with.</summary>
    private const int Reserve = 200;

    /// <summary>Why a person may not approve or cancel this plan now; null: they may, or the bot doesn't know the plan.</summary>
    public string? Refuse(BotData data, string user, string planId)
    {
        var shown = chat.Text.Code(planId);
        return Find(data, user, planId) switch
        {
            null => data.Plans.Any(p => p.PlanId == planId) ? $"Unknown plan {shown}." : null,
            { State: PlanState.Approved } => $"Plan {shown} was approved already.",
            { State: PlanState.Cancelled } => $"Plan {shown} was cancelled.",
            { } plan when clock.GetUtcNow() - plan.MadeAt > settings.ApproveTime =>
                $"Plan {shown} is older than {settings.ApproveTime.TotalMinutes:0} minutes. Have it made again with {chat.Text.Code(Commands.Plan)}.",
            _ => null,
        };
    }

    public static PlanRecord? Find(BotData data, string user, string planId) => data.Plans.FirstOrDefault(p => p.PlanId == planId && p.UserId == user);

    public IReadOnlyList<Suggestion> Suggest(string user, string typed) =>
    [
        .. state.Now.Plans.Where(p => p.UserId == user && p.State == PlanState.Open && p.PlanId.Contains(typed.Trim(), StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(p => p.MadeAt).Select(p => new Suggestion(p.PlanId, p.PlanId)),
    ];

    /// <summary>Cancels a plan by its button.</summary>
    public Task CancelAsync(Conversation conversation, ButtonPressed pressed, string planId)
    {
        var note = $"Plan {chat.Text.Code(planId)} is cancelled; nothing was applied.";
        var fits = pressed.MessageText.Length > 0 && pressed.MessageText.Length < chat.Text.LongestMessage - Reserve;
        return conversation.ReplaceAsync(new MessageBody(fits ? $"{pressed.MessageText}\n{note}" : note));
    }

    /// <summary>Takes the buttons off a plan that was approved by text, or before a restart.</summary>
    public async Task TakeButtonsAsync(string user, string planId)
    {
        if (Find(state.Now, user, planId)?.Shown is { } shown) await chat.EditAsync(shown, new MessageBody(null));
    }
}
