using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Bot.Discord;

/// <summary>Reading of what Discord sends, where any field may be absent or odd.</summary>
internal static class JsonReading
{
    public static JsonElement Child(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static string? Text(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static double? Number(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? number : null;

    public static bool IsTrue(this JsonElement element, string name) => element.Child(name).ValueKind == JsonValueKind.True;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];
}

internal sealed record Outgoing<T>(int Op, T D);

internal sealed record Identify(string Token, int Intents, IdentifyProperties Properties);

internal sealed record IdentifyProperties(string Os, string Browser, string Device);

internal sealed record Resume(string Token, string SessionId, long Seq);

internal sealed record AllowedMentions(IReadOnlyList<string> Parse)
{
    public static readonly AllowedMentions None = new([]);
}

internal sealed record MessageReference(string MessageId, bool FailIfNotExists);

internal sealed record Component(int Type)
{
    public IReadOnlyList<Component>? Components { get; init; }
    public int? Style { get; init; }
    public string? Label { get; init; }
    public string? CustomId { get; init; }
}

internal sealed record Attachment(string Id, string Filename);

/// <summary>A message as it is created or edited, by whichever route.</summary>
internal sealed record MessagePayload
{
    public string? Content { get; init; }
    public AllowedMentions AllowedMentions { get; } = AllowedMentions.None;
    public IReadOnlyList<Component>? Components { get; init; }
    public IReadOnlyList<Attachment>? Attachments { get; init; }
    public MessageReference? MessageReference { get; init; }
    public string? Nonce { get; init; }
    public bool? EnforceNonce { get; init; }
    public int? Flags { get; init; }
}

internal sealed record CallbackWithMessage(int Type, MessagePayload? Data);

internal sealed record CallbackWithChoices(int Type, Choices Data);

internal sealed record Choices([property: JsonPropertyName("choices")] IReadOnlyList<Choice> Items);

internal sealed record Choice(string Name, string Value);

internal sealed record NewDirectChannel(string RecipientId);

internal sealed record SlashCommand(string Name, string Description, IReadOnlyList<SlashOption> Options)
{
    public int Type { get; } = 1;
    public IReadOnlyList<int> IntegrationTypes { get; } = [0];
    public IReadOnlyList<int> Contexts { get; } = [0, 1];
}

internal sealed record SlashOption(string Name, string Description, bool Required, bool Autocomplete)
{
    public int Type { get; } = 3;
}

/// <summary>What the protocol has to remember across restarts.</summary>
internal sealed record DiscordMemory
{
    public DateTimeOffset? LastIdentify { get; init; }

    /// <summary>When a bot with this memory first was there.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Application and digest of the commands that were registered.</summary>
    public string? Registered { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Outgoing<Identify>))]
[JsonSerializable(typeof(Outgoing<Resume>))]
[JsonSerializable(typeof(MessagePayload))]
[JsonSerializable(typeof(CallbackWithMessage))]
[JsonSerializable(typeof(CallbackWithChoices))]
[JsonSerializable(typeof(NewDirectChannel))]
[JsonSerializable(typeof(IReadOnlyList<SlashCommand>))]
[JsonSerializable(typeof(DiscordMemory))]
internal sealed partial class DiscordJson : JsonSerializerContext;
