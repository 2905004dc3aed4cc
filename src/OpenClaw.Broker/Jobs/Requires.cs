using System.Text.Json;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a job needs of a worker: <c>{"caps": [strings]}</c>, or a string that holds it.</summary>
internal static class Requires
{
    public static bool TryRead(JsonElement value, out string lane)
    {
        try
        {
            return TryReadText(value, out lane);
        }
        catch (InvalidOperationException)
        {
            lane = ""; // half of a surrogate pair is no character
            return false;
        }
    }

    private static bool TryReadText(JsonElement value, out string lane)
    {
        lane = "";
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return true;
            case JsonValueKind.String:
                return TryParse(value.GetString()!, out lane);
            case JsonValueKind.Object:
                if (!value.TryGetProperty("caps", out var caps) || caps.ValueKind != JsonValueKind.Array) return false;
                if (caps.EnumerateArray().Any(c => c.ValueKind != JsonValueKind.String)) return false;
                string[] names = [.. caps.EnumerateArray().Select(c => c.GetString()!)];
                if (!Lane.IsValid(names)) return false;
                lane = Lane.Of(names);
                return true;
            default:
                return false;
        }
    }

    private static bool TryParse(string text, out string lane)
    {
        lane = "";
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object && TryReadText(json.RootElement, out lane);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
