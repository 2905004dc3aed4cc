namespace OpenClaw.Bot.Chat;

/// <summary>What a person asked, and the way back to them: a reply, or the answer of an interaction.</summary>
internal sealed class Exchange(BotParts parts, ChatEvent asked)
{
    private bool putOff;

    public ChatEvent Asked => asked;

    /// <summary>For an interaction whose answer takes longer: says so in time.</summary>
    public async Task BeginAsync()
    {
        if (asked is InteractionReceived interaction) putOff = await parts.Chat.AnswerAsync(interaction.Handle, new PutOff(), parts.Speaking);
    }

    /// <summary>A short word that only the person needs to see.</summary>
    public async Task TellAsync(string text)
    {
        if (asked is InteractionReceived interaction) await parts.Chat.AnswerAsync(interaction.Handle, new Say(new MessageBody(text), Private: true), parts.Speaking);
        else await ReplyAsync(new MessageBody(text));
    }

    /// <summary>The answer, after <see cref="BeginAsync"/>.</summary>
    public async Task SayAsync(MessageBody body)
    {
        if (asked is InteractionReceived interaction && putOff)
        {
            var delivery = await parts.Chat.FillInAsync(interaction.Handle, body, parts.Speaking);
            if (delivery.Outcome == DeliveryOutcome.TooLarge && body.File is { } file)
            {
                delivery = await parts.Chat.FillInAsync(interaction.Handle, Rendering.WithoutFile(body, file.Content.Length), parts.Speaking);
            }
            if (delivery.Outcome != DeliveryOutcome.Gone) return;
        }
        await ReplyAsync(body);
    }

    private async Task ReplyAsync(MessageBody body)
    {
        var replyTo = asked is TextReceived ? asked.Id : null;
        var delivery = await parts.Chat.SendAsync(asked.ChannelId, body, "a" + asked.Id, replyTo, parts.Speaking);
        if (delivery.Outcome is DeliveryOutcome.TooLarge or DeliveryOutcome.Refused && body.File is { } file)
        {
            await parts.Chat.SendAsync(asked.ChannelId, Rendering.WithoutFile(body, file.Content.Length), "b" + asked.Id, replyTo, parts.Speaking);
        }
    }
}
