using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner;

/// <summary>Source-generated JSON of what the built-in commands answer and of what the runner keeps on disk.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CapabilitiesAnswer))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(Outgoing))]
internal sealed partial class RunnerJson : JsonSerializerContext
{
    /// <summary>Results are read by people too: quotes and umlauts stay as they are.</summary>
    public static RunnerJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static RunnerJson Indented => field ??= new(new JsonSerializerOptions(Readable.Options) { WriteIndented = true });
}
