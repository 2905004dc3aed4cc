using System.Text.Json;
using OpenClaw.Bot.Chat;

namespace OpenClaw.Bot.Discord;

/// <summary>Discord's events as the chat's; null where one means nothing to the bot.</summary>
internal static class DiscordEvents
{
    private const int CommandType = 2;
    private const int ComponentType = 3;
    private const int AutocompleteType = 4;

    /// <param name="self">The bot's own user id.</param>
    public static ChatEvent? Read(string name, JsonElement data, string? self) => name switch
    {
        "MESSAGE_CREATE" => ReadMessage(data, self),
        "INTERACTION_CREATE" => ReadInteraction(data),
        _ => null,
    };

    /// <summary>A message, from an event or out of a channel's list; the latter doesn't name a guild.</summary>
    public static TextReceived? ReadMessage(JsonElement data, string? self)
    {
        var author = data.Child("author");
        // 0 is an ordinary message, 19 a reply; others are notices such as a pin.
        if (data.Number("type") is not (null or 0 or 19)) return null;
        if (data.Text("id") is not { } id || author.Text("id") is not { } user || data.Text("channel_id") is not { } channel) return null;
        var fromProgram = author.IsTrue("bot") || author.IsTrue("system") || data.Text("webhook_id") is not null || user == self;
        return new TextReceived(id, user, channel, data.Text("guild_id") is null, WithoutMention(data.Text("content") ?? "", self), fromProgram);
    }

    private static InteractionReceived? ReadInteraction(JsonElement data)
    {
        var person = data.Child("member").ValueKind == JsonValueKind.Object ? data.Child("member").Child("user") : data.Child("user");
        if (data.Text("id") is not { } id || data.Text("token") is not { } token || data.Text("application_id") is not { } application) return null;
        if (person.Text("id") is not { } user || person.IsTrue("bot")) return null;
        if ((data.Text("channel_id") ?? data.Child("channel").Text("id")) is not { } channel) return null;
        var handle = new InteractionHandle(application, id, token).ToString();
        var direct = data.Text("guild_id") is null;
        var details = data.Child("data");
        var message = data.Child("message");
        return (int?)data.Number("type") switch
        {
            CommandType => new CommandInvoked(id, user, channel, direct, handle, details.Text("name") ?? "", Line(details)),
            AutocompleteType => new CompletionAsked(id, user, channel, direct, handle, details.Text("name") ?? "", Typed(details)),
            ComponentType => new ButtonPressed(
                id, user, channel, direct, handle, details.Text("custom_id") ?? "", message.Text("id") ?? "", message.Text("content") ?? ""),
            _ => null,
        };
    }

    /// <summary>The options as the line that would be typed: words in their order, in quotes where they need them.</summary>
    private static string Line(JsonElement command)
    {
        if (Commands.Find(command.Text("name") ?? "") is not { Arguments: { Count: > 1 } arguments } known) return Typed(command);
        var options = command.Items("options").Where(o => o.Text("value") is not null).ToLookup(o => o.Text("name"), o => o.Text("value")!);
        var words = arguments.Select(a => options[a.Name].FirstOrDefault() ?? "").ToList();
        return known.HasFields ? QuotedWords.Join(words) : $"{QuotedWords.Join(words[..^1])} {words[^1]}";
    }

    /// <summary>The option that is being typed, or the only one.</summary>
    private static string Typed(JsonElement command) =>
        command.Items("options").OrderByDescending(o => o.IsTrue("focused")).Select(o => o.Text("value")).FirstOrDefault(v => v is not null) ?? "";

    private static string WithoutMention(string text, string? self)
    {
        foreach (var mention in (string[])[$"<@{self}>", $"<@!{self}>"])
        {
            if (self is not null && text.TrimStart().StartsWith(mention, StringComparison.Ordinal)) return text.TrimStart()[mention.Length..];
        }
        return text;
    }
}
