using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Discord behind the seam.</summary>
/// <param name="closing">Cancelled when even what is being said has to end.</param>
internal sealed class DiscordGateway(
    DiscordRest rest, GatewayConnection connection, SlashRegistry slash, MissedMessages missed, TimeProvider clock, ProgramLog log, CancellationToken closing)
    : IChatGateway
{
    private const int Pong = 4;
    private const int DeferredMessage = 5;
    private const int UpdateMessage = 7;
    private const int AutocompleteResult = 8;
    private const int Ephemeral = 64;
    private const int MostChoices = 25;
    private const int LongestChoice = 100;
    private const int LongestNonce = 25;
    private const int CannotMessageUser = 50007;
    private static readonly TimeSpan TimeToAnswer = TimeSpan.FromSeconds(2.5);

    private string? self;

    public string Name => "discord";

    public IChatText Text { get; } = new DiscordText();

    public async Task RunAsync(Action<ChatEvent> received, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var besides = new RunningTasks();
        var running = connection.RunAsync((name, data) => OnEvent(name, data, received, besides, ending.Token), missed.Lost, ending.Token);
        var first = await Task.WhenAny(running, rest.Refused, besides.Failed);
        await ending.CancelAsync();
        await Task.WhenAll(running, besides.EndedAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
        await running;
    }

    public Task<Delivery> SendAsync(string channelId, MessageBody body, string onceKey, string? replyTo)
    {
        var payload = DiscordMessages.ToPayload(body) with
        {
            Nonce = onceKey.Length <= LongestNonce ? onceKey : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(onceKey)))[..LongestNonce],
            EnforceNonce = true,
            MessageReference = replyTo is null ? null : new MessageReference(replyTo, FailIfNotExists: false),
        };
        return DeliverAsync(new RestCall(HttpMethod.Post, $"/channels/{channelId}/messages")
        {
            Route = "/channels/{}/messages",
            Major = channelId,
            Body = () => DiscordMessages.ToContent(payload, body.File),
        }, channelId);
    }

    public Task<Delivery> EditAsync(MessageRef message, MessageBody body) =>
        DeliverAsync(new RestCall(HttpMethod.Patch, $"/channels/{message.ChannelId}/messages/{message.Id}")
        {
            Route = "/channels/{}/messages/{}",
            Major = message.ChannelId,
            Body = () => DiscordMessages.ToContent(DiscordMessages.ToPayload(body), body.File),
        }, message.ChannelId);

    public Task ShowTypingAsync(string channelId) => rest.SendAsync(new RestCall(HttpMethod.Post, $"/channels/{channelId}/typing")
    {
        Route = "/channels/{}/typing",
        Major = channelId,
        Repeatable = false,
    }, closing);

    public async Task<string?> OpenDirectAsync(string userId)
    {
        var answer = await rest.SendAsync(DiscordMessages.OpenDirect(userId), closing);
        if (answer.IsSuccess) return answer.Body.Text("id");
        log.Warn("discord: no direct messages with a person", ("user", userId), ("answer", answer));
        return null;
    }

    public async Task<bool> AnswerAsync(string interaction, InteractionAnswer answer)
    {
        var handle = InteractionHandle.Parse(interaction);
        var began = clock.GetTimestamp();
        while (true)
        {
            var outcome = await rest.SendAsync(new RestCall(HttpMethod.Post, $"/interactions/{handle.Id}/{handle.Token}/callback")
            {
                Route = "/interactions/{}/{}/callback",
                Body = () => Callback(answer),
                OwnToken = true,
                Immediate = true,
                Repeatable = false,
            }, closing);
            if (outcome.IsSuccess) return true;
            if (!outcome.IsUncertain || answer is Suggest)
            {
                log.Warn("discord: an interaction could not be answered", ("answer", outcome));
                return false;
            }
            if (answer is Replace || await IsAnsweredAsync(handle) || clock.GetElapsedTime(began) > TimeToAnswer) return answer is not Replace;
        }
    }

    public Task<Delivery> FillInAsync(string interaction, MessageBody body) =>
        DeliverAsync(OriginalAnswer(HttpMethod.Patch, InteractionHandle.Parse(interaction)) with
        {
            Body = () => DiscordMessages.ToContent(DiscordMessages.ToPayload(body), body.File),
        }, null);

    private void OnEvent(string name, JsonElement data, Action<ChatEvent> received, RunningTasks besides, CancellationToken stop)
    {
        switch (name)
        {
            case "READY":
                self = data.Child("user").Text("id");
                log.Info("gateway: ready", ("name", data.Child("user").Text("username")));
                if ((data.Child("application").Text("id") ?? self) is { } application) besides.Run(name, () => slash.RegisterAsync(application, stop), stop);
                besides.Run(name, () => missed.ReadAsync(received, self, stop), stop);
                break;
            case "RESUMED":
                besides.Run(name, () => missed.ReadAsync(received, self, stop), stop);
                break;
            default:
                if (DiscordEvents.Read(name, data, self) is not { } e) break;
                missed.Heard(e);
                received(e);
                break;
        }
    }

    /// <summary>After an answer that may have been lost on its way: whether Discord has it.</summary>
    private async Task<bool> IsAnsweredAsync(InteractionHandle interaction) =>
        (await rest.SendAsync(OriginalAnswer(HttpMethod.Get, interaction), closing)).Status != 404;

    private static RestCall OriginalAnswer(HttpMethod method, InteractionHandle interaction) =>
        new(method, $"/webhooks/{interaction.ApplicationId}/{interaction.Token}/messages/@original")
        {
            Route = "/webhooks/{}/{}/messages/@original",
            Major = interaction.Token,
            OwnToken = true,
        };

    private async Task<Delivery> DeliverAsync(RestCall call, string? channelId)
    {
        var answer = await rest.SendAsync(call, closing);
        if (answer.IsSuccess)
        {
            var channel = answer.Body.Text("channel_id") ?? channelId;
            return new Delivery(DeliveryOutcome.Delivered, answer.Body.Text("id") is { } id && channel is not null ? new MessageRef(channel, id) : null);
        }
        log.Warn($"discord: {call.Method} {call.Route} was refused", ("answer", answer));
        return new Delivery(answer switch
        {
            { Status: 403 } or { Code: CannotMessageUser } => DeliveryOutcome.Forbidden,
            { Status: 404 or 401 } => DeliveryOutcome.Gone,
            { Status: 413 } => DeliveryOutcome.TooLarge,
            { IsUncertain: true } or { Status: 429 } => DeliveryOutcome.Unreached,
            _ => DeliveryOutcome.Refused,
        });
    }

    private static ByteArrayContent Callback(InteractionAnswer answer) => answer switch
    {
        PutOff => WithMessage(DeferredMessage, new MessagePayload()),
        Say say => WithMessage(Pong, DiscordMessages.ToPayload(say.Body) with { Flags = say.Private ? Ephemeral : null }),
        Replace replace => WithMessage(UpdateMessage, DiscordMessages.ToPayload(replace.Body)),
        Suggest suggest => WithChoices([.. suggest.Suggestions.Take(MostChoices).Select(ToChoice)]),
        _ => throw new ArgumentOutOfRangeException(nameof(answer)),
    };

    private static ByteArrayContent WithMessage(int type, MessagePayload message) =>
        DiscordMessages.ToJson(new CallbackWithMessage(type, message), DiscordJson.Default.CallbackWithMessage);

    private static ByteArrayContent WithChoices(IReadOnlyList<Choice> choices) =>
        DiscordMessages.ToJson(new CallbackWithChoices(AutocompleteResult, new Choices(choices)), DiscordJson.Default.CallbackWithChoices);

    private static Choice ToChoice(Suggestion suggestion) =>
        new(suggestion.Label.Length <= LongestChoice ? suggestion.Label : suggestion.Label[..LongestChoice], suggestion.Value);
}
