using System.Globalization;
using System.Text.Json;

namespace OpenClaw.Runner.Repositories;

/// <summary>The payload of a repository command.</summary>
internal sealed class RepositoryPayload
{
    private readonly JsonElement? fields;

    private RepositoryPayload(JsonElement? fields) => this.fields = fields;

    public string Repo => Text("repo") is { Length: > 0 } repo ? repo : throw new RepositoryException("repo required");

    /// <exception cref="RepositoryException">It is no JSON object.</exception>
    public static RepositoryPayload Read(string payload)
    {
        if (string.IsNullOrWhiteSpace(payload)) return new RepositoryPayload(null);
        try
        {
            using var document = JsonDocument.Parse(payload);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return new RepositoryPayload(document.RootElement.Clone());
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new RepositoryException("payload must be valid JSON");
    }

    /// <summary>Empty where there is none.</summary>
    public string Text(string name)
    {
        try
        {
            return Find(name) is { } value ? value.GetString()! : "";
        }
        catch (InvalidOperationException)
        {
            throw new RepositoryException($"{name} must be a text");
        }
    }

    public int Number(string name, int fallback)
    {
        if (Find(name) is not { } value) return fallback;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)) return number;
        var text = value.ValueKind == JsonValueKind.String ? Text(name) : "";
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)) return number;
        throw new RepositoryException($"{name} must be a whole number");
    }

    private JsonElement? Find(string name) =>
        fields is { } all && all.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
