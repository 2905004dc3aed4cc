using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>How far an attempt is, as its worker said last.</summary>
/// <param name="Percent">0 to 100; null where it did not say.</param>
/// <param name="At">Milliseconds since 1970.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Progress")]
internal sealed record Progress([property: Id(0)] double? Percent, [property: Id(1)] string? Message, [property: Id(2)] long At)
{
    public static string? Format(Progress? progress) => progress is null ? null : JsonSerializer.Serialize(progress, ProgressJson.Default.Progress);

    public static Progress? Parse(string? text) => text is null ? null : JsonSerializer.Deserialize(text, ProgressJson.Default.Progress);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Progress))]
internal sealed partial class ProgressJson : JsonSerializerContext;

/// <summary>What an attempt wants the next one to know.</summary>
internal sealed class DetailsWrite(long seq, byte[] details) : Store.Change
{
    public override string Sql => "insert into job_detail (seq, details) values (?1, ?2) on conflict (seq) do update set details = excluded.details";

    public override int Size => details.Length + 64;

    public override void Bind(Store.IParameters parameters)
    {
        parameters.Set(1, seq);
        parameters.Set(2, details);
    }
}
