using System.Text;

namespace OpenClaw.Bot.Chat;

/// <summary>What a person asked, and the way back to them: a reply, or the answer of an interaction.</summary>
internal sealed class Conversation(IChatGateway chat, ChatEvent asked)
{
    private bool putOff;

    public ChatEvent Asked => asked;

    /// <summary>For an interaction whose answer takes longer: says so in time.</summary>
    public async Task BeginAsync()
    {
        if (asked is InteractionReceived interaction) putOff = await chat.AnswerAsync(interaction.Interaction, new PutOff());
    }

    /// <summary>For a button: the message under which it stood becomes this, which is the answer of the interaction, too.</summary>
    /// <param name="body">Without buttons they go.</param>
    public async Task ReplaceAsync(MessageBody body)
    {
        if (asked is not ButtonPressed pressed || await chat.AnswerAsync(pressed.Interaction, new Replace(body))) return;
        await chat.EditAsync(new MessageRef(pressed.ChannelId, pressed.MessageId), body);
    }

    /// <summary>A short word that only the person needs to see.</summary>
    public async Task TellAsync(string text)
    {
        if (asked is InteractionReceived interaction) await chat.AnswerAsync(interaction.Interaction, new Say(new MessageBody(text), Private: true));
        else await DeliverAsync(new MessageBody(text), ReplyAsync);
    }

    /// <summary>The answer, after <see cref="BeginAsync"/>.</summary>
    public async Task AnswerAsync(MessageBody body)
    {
        if (asked is InteractionReceived interaction && putOff)
        {
            var outcome = await DeliverAsync(body, (b, _) => chat.FillInAsync(interaction.Interaction, b));
            if (outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Unreached) return;
        }
        await DeliverAsync(body, ReplyAsync);
    }

    /// <summary>With its file where the chat takes that, else without.</summary>
    private static async Task<DeliveryOutcome> DeliverAsync(MessageBody body, Func<MessageBody, string, Task<Delivery>> send)
    {
        var delivery = await send(body, "a");
        if (delivery.Outcome is DeliveryOutcome.TooLarge or DeliveryOutcome.Refused && body.File is { } file)
        {
            delivery = await send(JobMessages.WithoutFile(body, Encoding.UTF8.GetByteCount(file.Content)), "b");
        }
        return delivery.Outcome;
    }

    private Task<Delivery> ReplyAsync(MessageBody body, string kind) =>
        chat.SendAsync(asked.ChannelId, body, kind + asked.Id, asked is TextReceived ? asked.Id : null);
}
