using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>Something that a job waits for, and that is no time.</summary>
/// <param name="Kind">One of <see cref="HoldKinds"/>.</param>
/// <param name="Since">Milliseconds since 1970.</param>
/// <param name="Detail">Why, in somebody's words.</param>
/// <param name="By">Who holds it.</param>
/// <param name="Left">For how many it waits still, where it waits for several.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Hold")]
internal sealed record Hold([property: Id(0)] string Kind, [property: Id(1)] long Since, [property: Id(2)] string? Detail, [property: Id(3)] string? By,
    [property: Id(4)] int? Left = null)
{
    public static string? Format(IReadOnlyList<Hold> holds) => holds.Count == 0 ? null : JsonSerializer.Serialize([.. holds], HoldJson.Default.HoldArray);

    public static IReadOnlyList<Hold> Parse(string? text) => text is null ? [] : JsonSerializer.Deserialize(text, HoldJson.Default.HoldArray)!;
}

/// <summary>What may hold a job.</summary>
internal static class HoldKinds
{
    public const string Person = "person";

    /// <summary>A person has to say yes.</summary>
    public const string Approval = "approval";

    /// <summary>Jobs that it depends on are unfinished.</summary>
    public const string Parents = "parents";

    /// <summary>Jobs of the batch whose end it waits for are unfinished.</summary>
    public const string Batch = "batch";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Hold[]))]
internal sealed partial class HoldJson : JsonSerializerContext;
