using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>How long a job waits after its n-th failure: up to initial · factor^(n-1), at most a maximum, with full jitter.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Backoff")]
internal sealed record Backoff([property: Id(0)] double InitialSeconds, [property: Id(1)] double MaxSeconds, [property: Id(2)] double Factor)
{
    public static readonly Backoff Default = new(5, 900, 2);

    /// <summary>The wait in milliseconds.</summary>
    /// <param name="failures">Those there were, the newest among them.</param>
    /// <param name="chance">From 0 to below 1: which part of the longest wait it is.</param>
    public long Wait(int failures, double chance) =>
        (long)(chance * 1000 * Math.Min(MaxSeconds, InitialSeconds * Math.Pow(Factor, Math.Min(failures - 1, 1000))));

    public static string? Format(Backoff backoff) => backoff == Default ? null : JsonSerializer.Serialize(backoff, BackoffJson.Default.Backoff);

    public static Backoff Parse(string? text) => text is null ? Default : JsonSerializer.Deserialize(text, BackoffJson.Default.Backoff)!;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Backoff))]
internal sealed partial class BackoffJson : JsonSerializerContext;
