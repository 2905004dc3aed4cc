using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>approve_echo</c>: approves a plan of <c>plan_echo</c>; nothing is applied.</summary>
internal sealed class ApproveEcho(RunnerContext runner) : IHandler
{
    private readonly Plans plans = new(runner.StateFolder);

    [ModuleInitializer]
    internal static void Register() => Commands.Add("approve_echo", runner => new ApproveEcho(runner));

    public Task<Outcome> RunAsync(JobView job, CancellationToken stop)
    {
        var id = (job.Payload ?? "").Trim();
        if (id.Length == 0) return Task.FromResult<Outcome>(new Failed("plan_id required"));
        if (!plans.Knows(id)) return Task.FromResult<Outcome>(new Failed("unknown plan_id"));
        var approval = new Approval("approval", id, "approved", Applied: false, "no-op (scaffold)");
        return Task.FromResult<Outcome>(new Succeeded(JsonSerializer.Serialize(approval, RunnerJson.Readable.Approval)));
    }
}

/// <summary>The result of <c>approve_echo</c>.</summary>
internal sealed record Approval(string Type, string PlanId, string Status, bool Applied, string Note);
