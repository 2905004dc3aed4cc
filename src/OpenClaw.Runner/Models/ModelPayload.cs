using System.Text.Json;
using OpenClaw.Runner.Commands;

namespace OpenClaw.Runner.Models;

/// <summary>What the model is asked: <c>{"prompt", "system", "max_steps", "tools"}</c>, of which the prompt alone is needed, or just its text.</summary>
/// <param name="Tools">Null for all that are allowed.</param>
internal sealed record ModelPayload(string Prompt, string? System, int Steps, IReadOnlyList<string>? Tools)
{
    private const int DefaultSteps = 10, MostSteps = 50;

    /// <exception cref="PayloadException">There is nothing to ask, or something of it is of another kind.</exception>
    public static ModelPayload Read(string payload)
    {
        try
        {
            if (!payload.TrimStart().StartsWith('{')) return new ModelPayload(Required(payload), null, DefaultSteps, null);
            using var document = JsonDocument.Parse(payload);
            var steps = Find(document.RootElement, "max_steps") is not { } asked ? DefaultSteps
                : asked.ValueKind == JsonValueKind.Number && asked.TryGetInt32(out var number) && number > 0 ? Math.Min(number, MostSteps)
                : throw new PayloadException("max_steps must be a whole number from 1");
            var tools = Find(document.RootElement, "tools") is not { } list ? null
                : list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(static t => t.ValueKind == JsonValueKind.String)
                    ? list.EnumerateArray().Select(static t => t.GetString()!).ToList()
                    : throw new PayloadException("tools must be a list of names");
            return new ModelPayload(Required(Text(document.RootElement, "prompt")), Text(document.RootElement, "system"), steps, tools);
        }
        catch (JsonException)
        {
            return new ModelPayload(payload, null, DefaultSteps, null); // A text that begins with a brace.
        }
        catch (InvalidOperationException)
        {
            throw new PayloadException("payload holds half a character, as in \"\\ud800\"");
        }
    }

    private static string Required(string? prompt) => string.IsNullOrWhiteSpace(prompt) ? throw new PayloadException("prompt required") : prompt;

    private static JsonElement? Find(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? Text(JsonElement of, string name) => Find(of, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw new PayloadException($"{name} must be a text");
}
