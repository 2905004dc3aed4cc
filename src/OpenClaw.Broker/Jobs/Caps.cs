using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>A set of capability names, as one text: empty for none, else a JSON array of the distinct names in ordinal order.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Caps")]
internal readonly record struct Caps
{
    public const int MaxNames = 64;
    public const int MaxNameBytes = 64;

    public static readonly Caps Any = new("");

    private const int MostParsed = 1000;
    private static readonly ConcurrentDictionary<string, string[]> Parsed = new(StringComparer.Ordinal);

    [Id(0)]
    private readonly string? text;

    private Caps(string text) => this.text = text;

    public string Text => text ?? "";

    public bool IsEmpty => Text.Length == 0;

    /// <summary>The names; parsed once for each of the sets that are in use.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            if (IsEmpty) return [];
            if (Parsed.TryGetValue(Text, out var known)) return known;
            if (Parsed.Count >= MostParsed) Parsed.Clear();
            return Parsed[Text] = JsonSerializer.Deserialize(Text, NamesJson.Default.StringArray)!;
        }
    }

    /// <summary>Whether the names are few and short enough, and none is blank.</summary>
    public static bool IsValid(IReadOnlyCollection<string> names) =>
        names.Count <= MaxNames && names.All(static n => Encoding.UTF8.GetByteCount(n) <= MaxNameBytes && !string.IsNullOrWhiteSpace(n));

    public static Caps Of(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return distinct.Length == 0 ? Any : new Caps(JsonSerializer.Serialize(distinct, NamesJson.Default.StringArray));
    }

    /// <summary>A set from the text that <see cref="Text"/> gave.</summary>
    public static Caps Parse(string? text) => string.IsNullOrEmpty(text) ? Any : new Caps(text);

    public override string ToString() => Text;

    public bool Equals(Caps other) => string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class NamesJson : JsonSerializerContext;
