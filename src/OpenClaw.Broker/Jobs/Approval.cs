using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>That a job needs a person's yes, and what was said.</summary>
/// <param name="By">Who may decide: names of persons or tokens; null for every approver.</param>
/// <param name="TimeoutMs">Unanswered for so long it is denied.</param>
/// <param name="Note">What those are told.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Approval")]
internal sealed record Approval([property: Id(0)] IReadOnlyList<string>? By, [property: Id(1)] long TimeoutMs, [property: Id(2)] string? Note)
{
    public const long DefaultTimeoutMs = 7L * 24 * 3600 * 1000;

    public const int MostNames = 64;

    /// <summary>The yes that holds; null as long as there is none.</summary>
    [Id(3)] public Approved? Given { get; init; }

    public static string? Format(Approval? approval) => approval is null ? null : JsonSerializer.Serialize(approval, ApprovalJson.Default.Approval);

    public static Approval? Parse(string? text) => text is null ? null : JsonSerializer.Deserialize(text, ApprovalJson.Default.Approval);
}

/// <summary>A person's yes.</summary>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Digest">Of what was shown; see <see cref="JobDigest"/>.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.ApprovedBy")]
internal sealed record Approved([property: Id(0)] string By, [property: Id(1)] long At, [property: Id(2)] string Digest)
{
    /// <summary>What a yes to the job would be said to.</summary>
    /// <param name="definition">What the command runs; null where no worker has said.</param>
    public static string DigestOf(Job job, byte[] payload, string? definition) =>
        JobDigest.Of(job.Command, payload, job.Requires, job.Queue, job.Schedule, definition);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Approval))]
internal sealed partial class ApprovalJson : JsonSerializerContext;
