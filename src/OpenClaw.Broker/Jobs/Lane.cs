using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// A set of capability names as one text: empty for none, else a JSON array of the distinct names in ordinal order.
/// Jobs that need the same set share a lane.
/// </summary>
internal static class Lane
{
    public const int MaxNames = 64;
    public const int MaxNameLength = 64;

    /// <summary>Whether the names are few and short enough, and none is blank.</summary>
    public static bool IsValid(IReadOnlyCollection<string> names) =>
        names.Count <= MaxNames && names.All(n => n.Length <= MaxNameLength && !string.IsNullOrWhiteSpace(n));

    public static string Of(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return distinct.Length == 0 ? "" : JsonSerializer.Serialize(distinct, LaneJson.Default.StringArray);
    }

    public static string[] Names(string lane) =>
        lane.Length == 0 ? [] : JsonSerializer.Deserialize(lane, LaneJson.Default.StringArray)!;
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class LaneJson : JsonSerializerContext;
