using System.Text.Json;

namespace OpenClaw.Runner.Commands;

/// <summary>Reads a schema; one with a keyword that this runner does not check is refused, since it would promise what nobody keeps.</summary>
internal static class SchemaReader
{
    private static readonly string[] Keywords =
    [
        "type", "enum", "const", "required", "properties", "additionalProperties", "items", "minLength", "maxLength", "minItems", "maxItems",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "title", "description", "default",
    ];

    private static readonly string[] TypeNames = ["object", "array", "string", "number", "integer", "boolean", "null"];

    public static CommandSchema Read(FileNode node)
    {
        node.Knows(Keywords);
        if (node.Value.ValueKind != JsonValueKind.Object) return new CommandSchema();
        node.Member("title")?.Text();
        node.Member("description")?.Text();
        var schema = new CommandSchema
        {
            Types = node.Member("type") is { } type ? Types(type) : null,
            Enum = node.Member("enum")?.Items().Select(static i => i.Value).ToList(),
            Const = node.MemberOrNull("const")?.Value,
            Required = node.Member("required")?.Texts() ?? [],
            Properties = node.Member("properties")?.Members().ToDictionary(static m => m.Name, static m => Read(m.Node), StringComparer.Ordinal) ?? [],
            AllowsOthers = node.Member("additionalProperties")?.Flag() ?? true,
            Items = node.Member("items") is { } items ? Read(items) : null,
            Length = Range(node, "minLength", "maxLength"),
            Count = Range(node, "minItems", "maxItems"),
            Minimum = Bound(node, "minimum"),
            Maximum = Bound(node, "maximum"),
            ExclusiveMinimum = Bound(node, "exclusiveMinimum"),
            ExclusiveMaximum = Bound(node, "exclusiveMaximum"),
            Pattern = node.Member("pattern") is { } pattern ? Pattern(pattern) : null,
            Default = node.MemberOrNull("default")?.Value,
        };
        if (schema.Default is { } value && schema.Check(value, "the default") is { } problem)
        {
            node.MemberOrNull("default")?.Refuse($"does not fit its own schema ({problem}). Correct one of them.");
        }
        return schema;
    }

    private static List<string> Types(FileNode node)
    {
        IReadOnlyList<FileNode> items = node.Value.ValueKind == JsonValueKind.Array ? node.Items() : [node];
        if (items.Count == 0) node.Refuse($"names no type. Set it to one of {string.Join(", ", TypeNames)}.");
        return [.. items.Select(static i => i.Word(TypeNames)).OfType<string>()];
    }

    private static (int Min, int? Max) Range(FileNode node, string min, string max)
    {
        const string Unit = "characters or entries";
        return (node.Member(min)?.WholeNumber(0, 0, int.MaxValue, Unit) ?? 0, node.Member(max)?.WholeNumber(0, 0, int.MaxValue, Unit));
    }

    private static JsonElement? Bound(FileNode node, string name)
    {
        if (node.Member(name) is not { } bound) return null;
        if (bound.Value.ValueKind == JsonValueKind.Number) return bound.Value;
        bound.Refuse("is no number. Set it to one, without quotes.");
        return null;
    }

    private static SchemaPattern? Pattern(FileNode node)
    {
        if (node.Text() is not { } text) return null;
        var (pattern, problem) = SchemaPattern.Read(text);
        if (problem is not null)
        {
            node.Refuse($"is no pattern that this runner knows ({problem.TrimEnd('.')}). Use classes, groups, | and repetitions as docs/runner.md has them.");
        }
        return pattern;
    }
}
