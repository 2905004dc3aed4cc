using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenClaw.Runner.Handlers;

/// <summary>The form of JSON results: names in snake_case; quotes and umlauts stay as they are, since people read them too.</summary>
internal static class ReadableJson
{
    /// <summary>Options for one handler's own <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</summary>
    public static JsonSerializerOptions Options(bool indented = false) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };
}
