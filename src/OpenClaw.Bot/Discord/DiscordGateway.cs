using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Discord behind the seam.</summary>
internal sealed class DiscordGateway(DiscordRest rest, GatewayConnection connection, SlashRegistry slash, TimeProvider clock, ProgramLog log) : IChatGateway
{
    private const int Pong = 4;
    private const int DeferredMessage = 5;
    private const int UpdateMessage = 7;
    private const int AutocompleteResult = 8;
    private const int Ephemeral = 64;
    private const int MostChoices = 25;
    private const int LongestChoice = 100;
    private const int CannotMessageUser = 50007;
    private static readonly TimeSpan TimeToAnswer = TimeSpan.FromSeconds(2.5);

    private string? self;

    public async Task RunAsync(Action<ChatEvent> received, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var registering = Task.CompletedTask;
        var running = connection.RunAsync((name, data) =>
        {
            if (name == "READY") registering = OnReady(data, ending.Token);
            else if (DiscordEvents.Read(name, data, self) is { } e) received(e);
        }, ending.Token);
        var first = await Task.WhenAny(running, rest.Refused);
        await ending.CancelAsync();
        await first;
        await running;
        await registering;
    }

    public Task<Delivery> SendAsync(string channelId, MessageBody body, string onceKey, string? replyTo, CancellationToken stop)
    {
        var payload = DiscordMessages.ToPayload(body) with
        {
            Nonce = onceKey,
            EnforceNonce = true,
            MessageReference = replyTo is null ? null : new MessageReference(replyTo, FailIfNotExists: false),
        };
        return DeliverAsync(new RestCall(HttpMethod.Post, $"/channels/{channelId}/messages")
        {
            Route = "/channels/{}/messages",
            Major = channelId,
            Body = () => DiscordMessages.ToContent(payload, body.File),
        }, channelId, stop);
    }

    public Task<Delivery> EditAsync(MessageRef message, MessageBody body, CancellationToken stop) =>
        DeliverAsync(new RestCall(HttpMethod.Patch, $"/channels/{message.ChannelId}/messages/{message.Id}")
        {
            Route = "/channels/{}/messages/{}",
            Major = message.ChannelId,
            Body = () => DiscordMessages.ToContent(DiscordMessages.ToPayload(body), body.File),
        }, message.ChannelId, stop);

    public Task ShowTypingAsync(string channelId, CancellationToken stop) =>
        rest.SendAsync(new RestCall(HttpMethod.Post, $"/channels/{channelId}/typing") { Route = "/channels/{}/typing", Major = channelId, Repeatable = false }, stop);

    public async Task<string?> OpenDirectAsync(string userId, CancellationToken stop)
    {
        var answer = await rest.SendAsync(new RestCall(HttpMethod.Post, "/users/@me/channels")
        {
            Body = () => Json(new NewDirectChannel(userId), DiscordJson.Default.NewDirectChannel),
        }, stop);
        if (answer.IsSuccess) return answer.Body.Text("id");
        log.Warn($"discord: no direct messages with user {userId}: {answer}");
        return null;
    }

    public async Task<bool> AnswerAsync(InteractionHandle interaction, InteractionAnswer answer, CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var outcome = await rest.SendAsync(new RestCall(HttpMethod.Post, $"/interactions/{interaction.Id}/{interaction.Token}/callback")
            {
                Route = "/interactions/{}/{}/callback",
                Body = () => Callback(answer),
                OwnToken = true,
                Immediate = true,
                Repeatable = false,
            }, stop);
            if (outcome.IsSuccess) return true;
            if (!outcome.IsUncertain || answer is Suggest)
            {
                log.Warn($"discord: an interaction could not be answered: {outcome}");
                return false;
            }
            if (answer is Replace || await IsAnsweredAsync(interaction, stop) || clock.GetElapsedTime(began) > TimeToAnswer) return answer is not Replace;
        }
    }

    public Task<Delivery> FillInAsync(InteractionHandle interaction, MessageBody body, CancellationToken stop) =>
        DeliverAsync(new RestCall(HttpMethod.Patch, $"/webhooks/{interaction.ApplicationId}/{interaction.Token}/messages/@original")
        {
            Route = "/webhooks/{}/{}/messages/@original",
            Major = interaction.Token,
            OwnToken = true,
            Body = () => DiscordMessages.ToContent(DiscordMessages.ToPayload(body), body.File),
        }, null, stop);

    private async Task OnReady(JsonElement ready, CancellationToken stop)
    {
        self = ready.Child("user").Text("id");
        log.Info($"gateway: ready as {ready.Child("user").Text("username")}");
        if ((ready.Child("application").Text("id") ?? self) is not { } application) return;
        try
        {
            await slash.RegisterAsync(application, stop);
        }
        catch (OperationCanceledException)
        {
            // Stopped; the next start registers.
        }
        catch (ChatRefusedException)
        {
            // RunAsync sees the refusal and ends.
        }
    }

    /// <summary>After an answer that may have been lost on its way: whether Discord has it.</summary>
    private async Task<bool> IsAnsweredAsync(InteractionHandle interaction, CancellationToken stop)
    {
        var original = await rest.SendAsync(new RestCall(HttpMethod.Get, $"/webhooks/{interaction.ApplicationId}/{interaction.Token}/messages/@original")
        {
            Route = "/webhooks/{}/{}/messages/@original",
            Major = interaction.Token,
            OwnToken = true,
        }, stop);
        return original.Status != 404;
    }

    private async Task<Delivery> DeliverAsync(RestCall call, string? channelId, CancellationToken stop)
    {
        var answer = await rest.SendAsync(call, stop);
        if (answer.IsSuccess)
        {
            var channel = answer.Body.Text("channel_id") ?? channelId;
            return new Delivery(DeliveryOutcome.Delivered, answer.Body.Text("id") is { } id && channel is not null ? new MessageRef(channel, id) : null);
        }
        log.Warn($"discord: {call.Method} {call.Route} was answered {answer}");
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
        PutOff => Json(new CallbackWithMessage(DeferredMessage, new MessagePayload()), DiscordJson.Default.CallbackWithMessage),
        Say say => Json(new CallbackWithMessage(Pong, DiscordMessages.ToPayload(say.Body) with { Flags = say.Private ? Ephemeral : null }), DiscordJson.Default.CallbackWithMessage),
        Replace replace => Json(new CallbackWithMessage(UpdateMessage, DiscordMessages.ToPayload(replace.Body)), DiscordJson.Default.CallbackWithMessage),
        Suggest suggest => Json(new CallbackWithChoices(AutocompleteResult, new Choices([.. suggest.Suggestions.Take(MostChoices).Select(ToChoice)])), DiscordJson.Default.CallbackWithChoices),
        _ => throw new ArgumentOutOfRangeException(nameof(answer)),
    };

    private static Choice ToChoice(Suggestion suggestion) => new(suggestion.Label.Length <= LongestChoice ? suggestion.Label : suggestion.Label[..LongestChoice], suggestion.Value);

    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
