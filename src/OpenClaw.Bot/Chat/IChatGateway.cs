namespace OpenClaw.Bot.Chat;

/// <summary>The seam between what the bot says and the chat it says it in. Ids and handles are the chat's own: nobody else looks into them.</summary>
internal interface IChatGateway
{
    /// <summary>The chat's name in lower case, as it stands in the idempotency keys of jobs.</summary>
    string Name { get; }

    IChatText Text { get; }

    /// <summary>Receives until it is stopped.</summary>
    /// <param name="received">Gets each event; it does not block.</param>
    /// <exception cref="ChatRefusedException">The chat refuses this bot for good.</exception>
    Task RunAsync(Action<ChatEvent> received, CancellationToken stop);

    /// <param name="onceKey">The same key again within minutes makes no second message.</param>
    /// <param name="replyTo">The message answered; it may be gone.</param>
    Task<Delivery> SendAsync(string channelId, MessageBody body, string onceKey, string? replyTo);

    Task<Delivery> EditAsync(MessageRef message, MessageBody body);

    Task ShowTypingAsync(string channelId);

    /// <summary>The channel of direct messages with a person; null where there can't be one.</summary>
    Task<string?> OpenDirectAsync(string userId);

    /// <summary>Answers an interaction; the first answer has to come within 3 s, and there is only one.</summary>
    /// <returns>Whether it took effect.</returns>
    Task<bool> AnswerAsync(string interaction, InteractionAnswer answer);

    /// <summary>Fills in an answer that was put off.</summary>
    Task<Delivery> FillInAsync(string interaction, MessageBody body);
}

/// <summary>Something a person did.</summary>
/// <param name="Id">Unique, and the same again when the event is replayed.</param>
internal abstract record ChatEvent(string Id, string UserId, string ChannelId, bool IsDirect);

/// <param name="FromProgram">Written by a bot, a webhook or the bot itself.</param>
internal sealed record TextReceived(string Id, string UserId, string ChannelId, bool IsDirect, string Text, bool FromProgram)
    : ChatEvent(Id, UserId, ChannelId, IsDirect);

/// <param name="Interaction">The handle to answer by.</param>
internal abstract record InteractionReceived(string Id, string UserId, string ChannelId, bool IsDirect, string Interaction)
    : ChatEvent(Id, UserId, ChannelId, IsDirect);

internal sealed record CommandInvoked(string Id, string UserId, string ChannelId, bool IsDirect, string Interaction, string Name, string Argument)
    : InteractionReceived(Id, UserId, ChannelId, IsDirect, Interaction);

internal sealed record ButtonPressed(
    string Id, string UserId, string ChannelId, bool IsDirect, string Interaction, string ButtonId, string MessageId, string MessageText)
    : InteractionReceived(Id, UserId, ChannelId, IsDirect, Interaction);

internal sealed record CompletionAsked(string Id, string UserId, string ChannelId, bool IsDirect, string Interaction, string Name, string Typed)
    : InteractionReceived(Id, UserId, ChannelId, IsDirect, Interaction);

internal sealed record MessageRef(string ChannelId, string Id);

/// <param name="Id">At most 100 characters.</param>
internal sealed record Button(string Id, string Label, bool Dangerous = false);

internal sealed record TextFile(string Name, string Content);

/// <summary>A message: at most <see cref="IChatText.LongestMessage"/> characters, with buttons and a file where there are some.</summary>
/// <param name="Text">Null in an edit: stays as it is.</param>
internal sealed record MessageBody(string? Text, IReadOnlyList<Button>? Buttons = null, TextFile? File = null);

internal abstract record InteractionAnswer;

/// <summary>"Thinking", filled in later.</summary>
internal sealed record PutOff : InteractionAnswer;

/// <param name="Private">Seen by the person alone.</param>
internal sealed record Say(MessageBody Body, bool Private) : InteractionAnswer;

/// <summary>The message whose button was pressed becomes this.</summary>
internal sealed record Replace(MessageBody Body) : InteractionAnswer;

/// <summary>What the person may mean, the best first; a chat shows as many as it can.</summary>
internal sealed record Suggest(IReadOnlyList<Suggestion> Suggestions) : InteractionAnswer;

internal sealed record Suggestion(string Label, string Value);

internal enum DeliveryOutcome
{
    Delivered,

    /// <summary>The message, channel or interaction is no more.</summary>
    Gone,

    /// <summary>The bot may not write there.</summary>
    Forbidden,

    /// <summary>The file is more than the chat takes.</summary>
    TooLarge,

    /// <summary>The chat doesn't want it as it is; the same again won't help.</summary>
    Refused,

    /// <summary>The chat didn't answer; later it may.</summary>
    Unreached,
}

internal sealed record Delivery(DeliveryOutcome Outcome, MessageRef? Message = null)
{
    public bool IsDelivered => Outcome == DeliveryOutcome.Delivered;
}
