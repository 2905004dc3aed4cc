using System.Text.Json.Nodes;

namespace OpenClaw.Bot.Tests.Fake;

/// <summary>Somebody who uses Discord.</summary>
internal sealed class FakePerson(FakeDiscord discord, string id)
{
    public const string Guild = "500000000000000001";

    public string Id { get; } = id;
    public string Direct { get; } = FakeChannels.DirectChannelOf(id);

    /// <summary>Writes a message, in direct messages or in a guild's channel, and returns its id.</summary>
    public async Task<string> SayAsync(string text, string? channel = null, Action<JsonObject>? change = null)
    {
        var message = Message(text, channel);
        change?.Invoke(message);
        Write(message);
        await discord.Gateway.DispatchAsync("MESSAGE_CREATE", message);
        return message["id"]!.GetValue<string>();
    }

    /// <summary>Writes a message that no client hears of.</summary>
    public string SayUnheard(string text, string? channel = null)
    {
        var message = Message(text, channel);
        Write(message);
        return message["id"]!.GetValue<string>();
    }

    private void Write(JsonObject message)
    {
        lock (discord.Gate) discord.Rest.Channels.Said.Add(message.DeepClone().AsObject());
    }

    public JsonObject Message(string text, string? channel = null)
    {
        var message = new JsonObject
        {
            ["id"] = discord.NextId(), ["channel_id"] = channel ?? Direct, ["content"] = text, ["type"] = 0,
            ["author"] = new JsonObject { ["id"] = Id, ["username"] = "person" }, ["attachments"] = new JsonArray(), ["mentions"] = new JsonArray(),
        };
        if (channel is not null) message["guild_id"] = Guild;
        return message;
    }

    public Task<FakeInteraction> InvokeAsync(string command, string? argument = null, string? channel = null) =>
        InteractAsync(2, channel, new JsonObject
        {
            ["id"] = "1", ["name"] = command, ["type"] = 1,
            ["options"] = argument is null ? new JsonArray() : [new JsonObject { ["name"] = "x", ["type"] = 3, ["value"] = argument }],
        });

    public Task<FakeInteraction> InvokeWithAsync(string command, params IReadOnlyList<(string Name, string Value)> options) =>
        InteractAsync(2, null, new JsonObject
        {
            ["id"] = "1", ["name"] = command, ["type"] = 1,
            ["options"] = new JsonArray([.. options.Select(o => new JsonObject { ["name"] = o.Name, ["type"] = 3, ["value"] = o.Value })]),
        });

    public Task<FakeInteraction> CompleteAsync(string command, string typed) =>
        InteractAsync(4, null, new JsonObject
        {
            ["id"] = "1", ["name"] = command, ["type"] = 1,
            ["options"] = new JsonArray(new JsonObject { ["name"] = "x", ["type"] = 3, ["value"] = typed, ["focused"] = true }),
        });

    public Task<FakeInteraction> PressAsync(FakeMessage message, string button) =>
        InteractAsync(3, null, new JsonObject { ["custom_id"] = button, ["component_type"] = 2 }, message);

    public async Task<FakeInteraction> InteractAsync(int type, string? channel, JsonObject data, FakeMessage? message = null)
    {
        var (token, where) = ("interaction-token-" + discord.NextId(), message?.ChannelId ?? channel ?? Direct);
        var interaction = new FakeInteraction(discord.NextId(), token, where, discord.Clock.GetUtcNow(), message?.Id);
        lock (discord.Gate) discord.Rest.Channels.Interactions[interaction.Token] = interaction;
        var user = new JsonObject { ["id"] = Id, ["username"] = "person" };
        var e = new JsonObject
        {
            ["id"] = interaction.Id, ["application_id"] = FakeDiscord.ApplicationId, ["type"] = type, ["token"] = interaction.Token,
            ["version"] = 1, ["channel_id"] = interaction.ChannelId, ["data"] = data,
        };
        if (channel is null) e["user"] = user;
        else (e["guild_id"], e["member"]) = (Guild, new JsonObject { ["user"] = user });
        if (message is not null) e["message"] = message.ToJson();
        await discord.Gateway.DispatchAsync("INTERACTION_CREATE", e);
        return interaction;
    }

    /// <summary>The bot's messages in this person's direct channel, or in another.</summary>
    public IReadOnlyList<FakeMessage> Seen(string? channel = null)
    {
        lock (discord.Gate) return [.. discord.Rest.Channels.Messages.Where(m => m.ChannelId == (channel ?? Direct))];
    }

    public Task<FakeMessage> ReadAsync(string text, string? channel = null) =>
        discord.UntilAsync(() => Seen(channel).LastOrDefault(m => m.Content.Contains(text, StringComparison.Ordinal)), $"a message with '{text}'");
}
