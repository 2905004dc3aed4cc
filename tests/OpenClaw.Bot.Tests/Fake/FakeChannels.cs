using System.Globalization;
using System.Text.Json.Nodes;

namespace OpenClaw.Bot.Tests.Fake;

internal sealed class FakeInteraction(string id, string token, string channelId, DateTimeOffset at, string? messageId)
{
    public string Id { get; } = id;
    public string Token { get; } = token;
    public string ChannelId { get; } = channelId;
    public DateTimeOffset At { get; } = at;
    public string? MessageId { get; } = messageId;
    public int? AnsweredWith { get; set; }
    public JsonObject? Answer { get; set; }
    public FakeMessage? Original { get; set; }
}

/// <summary>Channels, their messages and the interactions in them, as Discord keeps them. Called with the fake's gate held.</summary>
internal sealed class FakeChannels(FakeDiscord discord)
{
    private readonly Dictionary<(string Channel, string Nonce), FakeMessage> nonces = [];

    /// <summary>What the bot wrote.</summary>
    public List<FakeMessage> Messages { get; } = [];

    /// <summary>What people wrote.</summary>
    public List<JsonObject> Said { get; } = [];

    public Dictionary<string, FakeInteraction> Interactions { get; } = [];
    public HashSet<string> Closed { get; } = [];
    public HashSet<string> RefusesDirect { get; } = [];

    public static string DirectChannelOf(string user) => "7" + user;

    public (int, JsonNode?) OpenDirect(JsonObject body)
    {
        var user = body["recipient_id"]!.GetValue<string>();
        return RefusesDirect.Contains(user)
            ? FakeRest.Error(403, 50007, "Cannot send messages to this user")
            : (200, new JsonObject { ["id"] = DirectChannelOf(user), ["type"] = 1 });
    }

    public (int, JsonNode?) Create(string channel, RecordedRequest request)
    {
        var body = request.Json!;
        if (Closed.Contains(channel)) return FakeRest.Error(403, 50001, "Missing Access");
        if (string.IsNullOrEmpty(body["content"]?.GetValue<string>())) return FakeRest.Error(400, 50006, "Cannot send an empty message");
        if (body["nonce"]?.GetValue<string>() is { } nonce && nonces.TryGetValue((channel, nonce), out var already)) return (200, already.ToJson());
        var message = New(channel, body, request);
        if (body["nonce"]?.GetValue<string>() is { } used) nonces[(channel, used)] = message;
        return (200, message.ToJson());
    }

    /// <summary>A channel's messages after one of them, the oldest of these as far as they fit, newest first; as in Discord without their guild.</summary>
    public (int, JsonNode?) List(string channel, RecordedRequest request)
    {
        if (Closed.Contains(channel)) return FakeRest.Error(403, 50001, "Missing Access");
        var query = System.Web.HttpUtility.ParseQueryString(request.Query);
        var (after, limit) = (ulong.Parse(query["after"]!, CultureInfo.InvariantCulture), int.Parse(query["limit"]!, CultureInfo.InvariantCulture));
        if (limit is < 1 or > 100) return FakeRest.Error(400, 50035, "Invalid Form Body");
        var page = Said.Concat(Messages.Select(m => m.ToJson())).Where(m => m["channel_id"]!.GetValue<string>() == channel)
            .Select(m => (Id: ulong.Parse(m["id"]!.GetValue<string>(), CultureInfo.InvariantCulture), Message: m))
            .Where(m => m.Id > after).OrderBy(m => m.Id).Take(limit).Reverse()
            .Select(m => m.Message.DeepClone().AsObject()).ToList();
        foreach (var message in page) message.Remove("guild_id");
        return (200, new JsonArray([.. page]));
    }

    public (int, JsonNode?) Edit(string channel, string id, RecordedRequest request)
    {
        if (Closed.Contains(channel)) return FakeRest.Error(403, 50001, "Missing Access");
        if (Messages.FirstOrDefault(m => m.Id == id && m.ChannelId == channel) is not { } message) return FakeRest.Error(404, 10008, "Unknown Message");
        if (message.Ephemeral) return FakeRest.Error(404, 10008, "Unknown Message");
        var now = discord.Clock.GetUtcNow();
        var since = message.Edits.Count > 0 ? now - message.Edits[^1] : TimeSpan.MaxValue;
        var isEdit = request.Json!["content"] is not null;
        if (isEdit && since < TimeSpan.FromSeconds(1.9)) discord.Violation($"two edits of a message in {since.TotalSeconds:0.00} s");
        Apply(message, request);
        message.Edits.Add(now);
        return (200, message.ToJson());
    }

    public (int, JsonNode?) Callback(string id, string token, RecordedRequest request)
    {
        if (!Interactions.TryGetValue(token, out var interaction) || interaction.Id != id) return FakeRest.Error(404, 10062, "Unknown interaction");
        if (interaction.AnsweredWith is not null)
        {
            discord.Violation("an interaction was acknowledged twice");
            return FakeRest.Error(400, 40060, "Interaction has already been acknowledged.");
        }
        if (discord.Clock.GetUtcNow() - interaction.At > TimeSpan.FromSeconds(3))
        {
            discord.Violation("an interaction was acknowledged after 3 s");
            return FakeRest.Error(404, 10062, "Unknown interaction");
        }
        var body = request.Json!;
        var data = body["data"] as JsonObject;
        interaction.AnsweredWith = body["type"]!.GetValue<int>();
        interaction.Answer = data;
        if (interaction.AnsweredWith is 4 or 5)
        {
            interaction.Original = New(interaction.ChannelId, data ?? [], request, loading: interaction.AnsweredWith == 5);
        }
        else if (interaction.AnsweredWith == 7)
        {
            interaction.Original = Messages.First(m => m.Id == interaction.MessageId);
            ApplyJson(interaction.Original, data!);
        }
        return (204, null);
    }

    public (int, JsonNode?) Original(string token) =>
        Interactions.GetValueOrDefault(token)?.Original is { } message ? (200, message.ToJson()) : FakeRest.Error(404, 10015, "Unknown Webhook");

    public (int, JsonNode?) FillIn(string token, RecordedRequest request)
    {
        var interaction = Interactions.GetValueOrDefault(token);
        if (interaction?.Original is not { } message) return FakeRest.Error(404, 10015, "Unknown Webhook");
        if (discord.Clock.GetUtcNow() - interaction.At > TimeSpan.FromMinutes(15)) return FakeRest.Error(401, 50027, "Invalid Webhook Token");
        Apply(message, request);
        message.Loading = false;
        return (200, message.ToJson());
    }

    private FakeMessage New(string channel, JsonObject body, RecordedRequest request, bool loading = false)
    {
        var message = new FakeMessage(discord.NextId(), channel, body["content"]?.GetValue<string>() ?? "")
        {
            ReplyTo = body["message_reference"]?["message_id"]?.GetValue<string>(),
            Ephemeral = body["flags"]?.GetValue<int>() == 64,
            Loading = loading,
        };
        if (body["components"] is JsonArray components) message.Components = components.DeepClone().AsArray();
        message.Files.AddRange(request.Files);
        Messages.Add(message);
        return message;
    }

    private static void Apply(FakeMessage message, RecordedRequest request)
    {
        ApplyJson(message, request.Json!);
        message.Files.AddRange(request.Files);
    }

    private static void ApplyJson(FakeMessage message, JsonObject body)
    {
        if (body["content"]?.GetValue<string>() is { } content)
        {
            message.Content = content;
            message.History.Add(content);
        }
        if (body["components"] is JsonArray components) message.Components = components.DeepClone().AsArray();
    }
}
