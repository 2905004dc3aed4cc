using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Http;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// What a job needs of a worker, as the Python broker reads it: the names in <c>caps</c> of a JSON object, sent as an object
/// or as a text. What can't be understood so is no requirement.
/// </summary>
internal static class Requires
{
    /// <summary>UTF-8; longer is refused.</summary>
    public const int MaxBytes = 2048;

    /// <summary>The text that was sent (of anything but a string its JSON), and the lane it means.</summary>
    public static (string? Text, Caps Caps) Read(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return (null, Caps.Any);
        var bytes = field.Text ?? field.Json.ToArray();
        if (bytes.Length > MaxBytes)
        {
            errors.Add("requires", $"must have at most {MaxBytes} bytes", "too_long");
            return (null, Caps.Any);
        }
        var text = Encoding.UTF8.GetString(bytes);
        return (text, Parse(text));
    }

    /// <summary>The lane that a text means.</summary>
    public static Caps Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return Caps.Any;
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("caps", out var caps)
                || caps.ValueKind != JsonValueKind.Array) return Caps.Any;
            return Caps.Of(caps.EnumerateArray().Select(Name).OfType<string>());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Caps.Any; // no JSON, or half of a surrogate pair
        }
    }

    private static string? Name(JsonElement cap) => cap.ValueKind switch
    {
        JsonValueKind.String => cap.GetString()!.Trim() is { Length: > 0 } name ? name : null,
        JsonValueKind.Number => cap.GetRawText(),
        _ => null,
    };
}
