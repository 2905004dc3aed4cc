using System.Globalization;
using System.Text.Json;

namespace OpenClaw.Runner.Commands;

/// <summary>What a payload has to be: the part of JSON schema that docs/runner.md names, read by <see cref="SchemaReader"/>.</summary>
internal sealed class CommandSchema
{
    public IReadOnlyList<string>? Types { get; init; }

    public IReadOnlyList<JsonElement>? Enum { get; init; }

    public JsonElement? Const { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    public IReadOnlyDictionary<string, CommandSchema> Properties { get; init; } = new Dictionary<string, CommandSchema>();

    public bool AllowsOthers { get; init; } = true;

    public CommandSchema? Items { get; init; }

    /// <summary>Of a text, in Unicode characters.</summary>
    public (int Min, int? Max) Length { get; init; }

    public (int Min, int? Max) Count { get; init; }

    public JsonElement? Minimum { get; init; }

    public JsonElement? Maximum { get; init; }

    public JsonElement? ExclusiveMinimum { get; init; }

    public JsonElement? ExclusiveMaximum { get; init; }

    public SchemaPattern? Pattern { get; init; }

    public JsonElement? Default { get; init; }

    /// <summary>Whether a text that fits is one that the schema's author has thought of.</summary>
    public bool NarrowsTexts => Pattern is not null || Enum is not null || Const is not null;

    /// <summary>The first thing that is wrong with a value; null where it fits.</summary>
    /// <param name="path">What the value is called in the answer.</param>
    public string? Check(JsonElement value, string path)
    {
        if (Types is not null && !Types.Any(type => IsOf(type, value))) return $"{path} must be of type {string.Join(" or ", Types)}";
        if (Const is { } only && !JsonElement.DeepEquals(value, only)) return $"{path} must be {only.GetRawText()}";
        if (Enum is not null && !Enum.Any(e => JsonElement.DeepEquals(value, e)))
        {
            return $"{path} must be one of {string.Join(", ", Enum.Select(static e => e.GetRawText()))}";
        }
        return value.ValueKind switch
        {
            JsonValueKind.String => CheckText(value.GetString()!, path),
            JsonValueKind.Number => CheckNumber(value, path),
            JsonValueKind.Array => CheckList(value, path),
            JsonValueKind.Object => CheckObject(value, path),
            _ => null,
        };
    }

    public static int Compare(JsonElement a, JsonElement b) => a.TryGetDecimal(out var exactA) && b.TryGetDecimal(out var exactB)
        ? exactA.CompareTo(exactB)
        : a.GetDouble().CompareTo(b.GetDouble());

    private string? CheckText(string text, string path)
    {
        var length = text.EnumerateRunes().Count();
        if (OutOf(Length, length) is { } range) return $"{path} has {length} characters and must have {range}";
        return Pattern is { } pattern && !pattern.IsIn(text) ? $"{path} must match the pattern {pattern.Text}" : null;
    }

    private string? CheckNumber(JsonElement value, string path)
    {
        if (Minimum is { } min && Compare(value, min) < 0) return $"{path} must be at least {min.GetRawText()}";
        if (Maximum is { } max && Compare(value, max) > 0) return $"{path} must be at most {max.GetRawText()}";
        if (ExclusiveMinimum is { } above && Compare(value, above) <= 0) return $"{path} must be more than {above.GetRawText()}";
        return ExclusiveMaximum is { } below && Compare(value, below) >= 0 ? $"{path} must be less than {below.GetRawText()}" : null;
    }

    private string? CheckList(JsonElement value, string path)
    {
        var count = value.GetArrayLength();
        if (OutOf(Count, count) is { } range) return $"{path} has {count} entries and must have {range}";
        return Items is null ? null : value.EnumerateArray().Select((item, n) => Items.Check(item, JsonLines.Item(path, n)))
            .FirstOrDefault(static p => p is not null);
    }

    private string? CheckObject(JsonElement value, string path)
    {
        foreach (var name in Required) if (!value.TryGetProperty(name, out _)) return $"{JsonLines.Member(path, name)} is missing";
        foreach (var member in value.EnumerateObject())
        {
            var place = JsonLines.Member(path, member.Name);
            if (Properties.GetValueOrDefault(member.Name) is not { } schema)
            {
                var known = Properties.Count == 0 ? "there are no fields" : $"the fields are {string.Join(", ", Properties.Keys)}";
                if (!AllowsOthers) return $"{place} is not known; {known}";
            }
            else if (schema.Check(member.Value, place) is { } problem) return problem;
        }
        return null;
    }

    private static string? OutOf((int Min, int? Max) bounds, int count) => count >= bounds.Min && !(count > bounds.Max) ? null
        : string.Create(CultureInfo.InvariantCulture, $"{(count < bounds.Min ? $"at least {bounds.Min}" : $"at most {bounds.Max}")}");

    private static bool IsOf(string type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Null => type == "null",
        _ => type == "number" || type == "integer" && IsWhole(value),
    };

    private static bool IsWhole(JsonElement value) => value.TryGetDecimal(out var exact)
        ? decimal.Truncate(exact) == exact
        : double.IsInteger(value.GetDouble());
}
