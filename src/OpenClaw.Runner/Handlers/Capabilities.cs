using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>capabilities</c>: who the runner is and which commands it has.</summary>
/// <param name="commands">Read at each job.</param>
internal sealed class Capabilities(RunnerContext runner, IEnumerable<string> commands) : IHandler
{
    /// <summary>The version of this answer's form.</summary>
    private const string Version = "mvp";

    private static readonly CapabilitiesJson Json = new(ReadableJson.Options());

    public Task<Outcome> RunAsync(JobContext job)
    {
        var answer = new CapabilitiesAnswer(runner.WorkerId, [.. commands], Version);
        return Task.FromResult<Outcome>(new Succeeded(JsonSerializer.Serialize(answer, Json.CapabilitiesAnswer)));
    }
}

/// <summary>The result of <c>capabilities</c>.</summary>
/// <param name="Capabilities">The commands.</param>
internal sealed record CapabilitiesAnswer(string WorkerId, IReadOnlyList<string> Capabilities, string Version);

[JsonSerializable(typeof(CapabilitiesAnswer))]
internal sealed partial class CapabilitiesJson : JsonSerializerContext;
