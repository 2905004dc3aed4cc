using System.Text.Json;

namespace OpenClaw.Bot.Chat;

/// <summary>Reading of JSON that runners wrote, where any field may be absent or odd.</summary>
internal static class ForeignJson
{
    /// <summary>The object that a text holds; null where it holds none.</summary>
    public static JsonElement? Object(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A field as text; null where there is none, or it is null.</summary>
    public static string? TextOf(this JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? AsText(value) : null;

    public static IEnumerable<string> ItemsOf(this JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(AsText) : [];

    private static string AsText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText();
        }
    }
}
