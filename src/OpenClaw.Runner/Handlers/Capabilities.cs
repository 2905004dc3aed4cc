using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>capabilities</c>: who the runner is and which commands it knows.</summary>
internal sealed class Capabilities(RunnerContext runner) : IHandler
{
    /// <summary>The version of this answer's form.</summary>
    private const string Version = "mvp";

    /// <summary>The order clients know; commands that came later follow by name.</summary>
    private static readonly string[] First = ["ping", "capabilities", "plan_echo", "approve_echo"];

    [ModuleInitializer]
    internal static void Register() => Commands.Add("capabilities", runner => new Capabilities(runner));

    public Task<Outcome> RunAsync(JobView job, CancellationToken stop)
    {
        string[] commands = [.. First, .. Commands.Names.Except(First).Order(StringComparer.Ordinal)];
        var answer = new CapabilitiesAnswer(runner.WorkerId, commands, Version);
        return Task.FromResult<Outcome>(new Succeeded(JsonSerializer.Serialize(answer, RunnerJson.Readable.CapabilitiesAnswer)));
    }
}

/// <summary>The result of <c>capabilities</c>.</summary>
internal sealed record CapabilitiesAnswer(string WorkerId, IReadOnlyList<string> Capabilities, string Version);
