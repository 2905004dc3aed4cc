using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>approve_echo</c>: approves a plan of <c>plan_echo</c>; nothing is applied.</summary>
internal sealed class ApproveEcho(RunnerContext runner) : IHandler
{
    private static readonly ApprovalJson Json = new(ReadableJson.Options());
    private readonly Plans plans = new(runner.StateFolder);

    public Task<Outcome> RunAsync(JobContext job)
    {
        var id = job.Payload.Trim();
        if (id.Length == 0) return Task.FromResult<Outcome>(new Failed("plan_id required"));
        if (!plans.Knows(id)) return Task.FromResult<Outcome>(new Failed("unknown plan_id"));
        var approval = new Approval("approval", id, "approved", Applied: false, "no-op (scaffold)");
        return Task.FromResult<Outcome>(new Succeeded(JsonSerializer.Serialize(approval, Json.Approval)));
    }
}

/// <summary>The result of <c>approve_echo</c>.</summary>
internal sealed record Approval(string Type, string PlanId, string Status, bool Applied, string Note);

[JsonSerializable(typeof(Approval))]
internal sealed partial class ApprovalJson : JsonSerializerContext;
