using System.Text;
using System.Text.Json;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>plan_echo</c>: makes a plan that does nothing, keeps it, and answers with it.</summary>
internal sealed class PlanEcho(RunnerContext runner) : IHandler
{
    private const int SummaryCharacters = 200;

    private static readonly PlanJson Json = new(ReadableJson.Options());
    private readonly Plans plans = new(runner.StateFolder);

    public Task<Outcome> RunAsync(JobContext job)
    {
        var summary = job.Payload.Length == 0 ? "Echo plan (no payload)" : $"Echo plan for: {Start(job.Payload)}";
        var plan = new Plan("plan", Guid.NewGuid().ToString("D"), summary, ["(no-op)"], RequiresApproval: true);
        plans.Keep(plan);
        return Task.FromResult<Outcome>(new Succeeded(JsonSerializer.Serialize(plan, Json.Plan)));
    }

    /// <summary>The first characters, counted so that none is cut in two.</summary>
    private static string Start(string text)
    {
        var start = new StringBuilder();
        foreach (var character in text.EnumerateRunes().Take(SummaryCharacters)) start.Append(character.ToString());
        return start.ToString();
    }
}
