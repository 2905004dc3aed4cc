using System.Text.Json;

namespace OpenClaw.Runner.Commands;

/// <summary>A payload that fits its command, or why it does not: that is said in the job's error, and no other try helps.</summary>
internal sealed class PayloadCheck
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly CommandSchema? schema;
    private readonly JsonElement? fields;

    private PayloadCheck(CommandSchema? schema, JsonElement? fields) => (this.schema, this.fields) = (schema, fields);

    /// <exception cref="PayloadException">It does not fit.</exception>
    public static PayloadCheck Of(CommandSchema? schema, string payload)
    {
        if (schema is null) return new PayloadCheck(null, null);
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            if (schema.Check(document.RootElement, "payload") is { } problem) throw new PayloadException(problem);
            return new PayloadCheck(schema, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            var what = payload.Length == 0 ? "it is empty" : e.Message.Split(" LineNumber:")[0].TrimEnd('.');
            throw new PayloadException($"payload is no JSON, which this command takes: {what}");
        }
        catch (InvalidOperationException)
        {
            throw new PayloadException("payload holds half a character, as in \"\\ud800\"");
        }
    }

    /// <summary>The text of a field that the schema has.</summary>
    public string Field(string name) =>
        fields!.Value.TryGetProperty(name, out var value) ? ArgumentTemplate.TextOf(value)! : ArgumentTemplate.TextOf(schema!.Properties[name].Default!.Value)!;

    /// <summary>The arguments, filled.</summary>
    /// <param name="whole">What stands for the whole payload; null where nothing does.</param>
    /// <exception cref="PayloadException">What would be filled in can't be an argument, or could be taken for an option.</exception>
    public List<string> Fill(IEnumerable<ArgumentTemplate> templates, string? whole, bool isFile) => [.. templates.Select(t => Fill(t, whole, isFile))];

    private string Fill(ArgumentTemplate template, string? whole, bool isFile)
    {
        var argument = template.Fill(name => IsWhole(name, whole) ? whole! : Field(name));
        if (argument.Contains('\0')) throw new PayloadException($"payload has a NUL character, which no argument can hold{Of(template)}");
        if (argument is not ['-', ..] || !template.BeginsWithField) return argument;
        foreach (var name in template.Fields)
        {
            var isChecked = IsWhole(name, whole) ? isFile : schema!.Properties[name].NarrowsTexts || !schema.Properties[name].Types!.Contains("string");
            var path = JsonLines.Member(IsWhole(name, whole) ? "" : "payload", name);
            if (!isChecked) throw new PayloadException($"{path} begins with a -, which could be taken for an option");
            if (!IsWhole(name, whole) && Field(name).Length > 0) break;
        }
        return argument;
    }

    private static bool IsWhole(string name, string? whole) => whole is not null && name == CommandReader.WholePayload;

    private static string Of(ArgumentTemplate template) => template.Fields.FirstOrDefault() is { } name ? $": {name}" : "";
}

/// <summary>A payload does not fit its command.</summary>
internal sealed class PayloadException(string why) : Exception(why);
