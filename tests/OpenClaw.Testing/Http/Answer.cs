using System.Text.Json;

namespace OpenClaw.Testing.Http;

/// <summary>An HTTP answer as it came.</summary>
public sealed record Answer(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The body as JSON; fails on one that is none.</summary>
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>A field of the body.</summary>
    public JsonElement this[string name] => Json.GetProperty(name);

    /// <summary>In a claim's answer: the job, or null.</summary>
    public JsonElement? Job => this["job"] is { ValueKind: JsonValueKind.Object } job ? job : null;

    public string? ContentType => Headers.GetValueOrDefault("Content-Type");

    public override string ToString() => $"HTTP {Status}: {(Text.Length > 500 ? Text[..500] + "…" : Text)}";
}

/// <summary>Short names for what tests read from a job.</summary>
public static class JobElement
{
    public static string Id(this JsonElement job) => job.GetProperty("id").GetString()!;

    public static string? Text(this JsonElement job, string name) => job.GetProperty(name).GetString();

    public static int Number(this JsonElement job, string name) => job.GetProperty(name).GetInt32();

    public static bool IsNull(this JsonElement job, string name) => job.GetProperty(name).ValueKind == JsonValueKind.Null;

    /// <summary>The header that fences with this claim's token.</summary>
    public static string Fence(this JsonElement job) => "X-Lease-Token: " + job.Text("lease_token");
}
