using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// A set of capability names, as one text: empty for none, else a JSON array of the distinct names in ordinal order.
/// </summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Caps")]
internal readonly record struct Caps
{
    public const int MaxNames = 64;
    public const int MaxNameBytes = 64;

    public static readonly Caps Any = new("");

    [Id(0)]
    private readonly string? text;

    private Caps(string text) => this.text = text;

    public string Text => text ?? "";

    public bool IsEmpty => Text.Length == 0;

    /// <summary>The names; parsed at each call.</summary>
    public string[] Names => IsEmpty ? [] : JsonSerializer.Deserialize(Text, LaneJson.Default.StringArray)!;

    /// <summary>Whether the names are few and short enough, and none is blank.</summary>
    public static bool IsValid(IReadOnlyCollection<string> names) =>
        names.Count <= MaxNames && names.All(static n => Encoding.UTF8.GetByteCount(n) <= MaxNameBytes && !string.IsNullOrWhiteSpace(n));

    public static Caps Of(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return distinct.Length == 0 ? Any : new Caps(JsonSerializer.Serialize(distinct, LaneJson.Default.StringArray));
    }

    /// <summary>A set from the text that <see cref="Text"/> gave.</summary>
    public static Caps Parse(string? text) => string.IsNullOrEmpty(text) ? Any : new Caps(text);

    public override string ToString() => Text;

    public bool Equals(Caps other) => string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class LaneJson : JsonSerializerContext;
