namespace OpenClaw.Bot.Chat;

/// <summary>The seam between what the bot says and the chat it says it in.</summary>
internal interface IChatGateway
{
    /// <summary>Receives until it is stopped.</summary>
    /// <param name="received">Gets each event; it does not block.</param>
    Task RunAsync(Action<ChatEvent> received, CancellationToken stop);

    /// <param name="onceKey">The same key again within minutes makes no second message. At most 25 characters.</param>
    /// <param name="replyTo">The message answered; it may be gone.</param>
    Task<Delivery> SendAsync(string channelId, MessageBody body, string onceKey, string? replyTo, CancellationToken stop);

    Task<Delivery> EditAsync(MessageRef message, MessageBody body, CancellationToken stop);

    Task ShowTypingAsync(string channelId, CancellationToken stop);

    /// <summary>The channel of direct messages with a person; null where there can't be one.</summary>
    Task<string?> OpenDirectAsync(string userId, CancellationToken stop);

    /// <summary>Answers an interaction; the first answer has to come within 3 s, and there is only one.</summary>
    /// <returns>Whether it took effect.</returns>
    Task<bool> AnswerAsync(InteractionHandle interaction, InteractionAnswer answer, CancellationToken stop);

    /// <summary>Fills in an answer that was put off.</summary>
    Task<Delivery> FillInAsync(InteractionHandle interaction, MessageBody body, CancellationToken stop);
}

/// <summary>Something a person did.</summary>
/// <param name="Id">Unique, and the same again when the event is replayed.</param>
internal abstract record ChatEvent(string Id, string UserId, string ChannelId, bool IsDirect);

/// <param name="FromProgram">Written by a bot, a webhook or the bot itself.</param>
internal sealed record TextReceived(string Id, string UserId, string ChannelId, bool IsDirect, string Text, bool FromProgram)
    : ChatEvent(Id, UserId, ChannelId, IsDirect);

internal abstract record InteractionReceived(string Id, string UserId, string ChannelId, bool IsDirect, InteractionHandle Handle)
    : ChatEvent(Id, UserId, ChannelId, IsDirect);

internal sealed record CommandInvoked(string Id, string UserId, string ChannelId, bool IsDirect, InteractionHandle Handle, string Name, string Argument)
    : InteractionReceived(Id, UserId, ChannelId, IsDirect, Handle);

internal sealed record ButtonPressed(string Id, string UserId, string ChannelId, bool IsDirect, InteractionHandle Handle, string ButtonId, string MessageId, string MessageText)
    : InteractionReceived(Id, UserId, ChannelId, IsDirect, Handle);

internal sealed record CompletionAsked(string Id, string UserId, string ChannelId, bool IsDirect, InteractionHandle Handle, string Name, string Typed)
    : InteractionReceived(Id, UserId, ChannelId, IsDirect, Handle);

/// <summary>What it takes to answer an interaction.</summary>
internal sealed record InteractionHandle(string Id, string Token, string ApplicationId);

internal sealed record MessageRef(string ChannelId, string Id);

internal sealed record Button(string Id, string Label, bool Dangerous = false);

internal sealed record TextFile(string Name, string Content);

/// <summary>A message: at most 2,000 characters, with buttons and a file where there are some.</summary>
/// <param name="Text">Null in an edit: stays as it is.</param>
internal sealed record MessageBody(string? Text, IReadOnlyList<Button>? Buttons = null, TextFile? File = null);

internal abstract record InteractionAnswer;

/// <summary>"Thinking", filled in later.</summary>
internal sealed record PutOff : InteractionAnswer;

/// <param name="Private">Seen by the person alone.</param>
internal sealed record Say(MessageBody Body, bool Private) : InteractionAnswer;

/// <summary>The message whose button was pressed becomes this.</summary>
internal sealed record Replace(MessageBody Body) : InteractionAnswer;

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
