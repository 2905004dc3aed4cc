using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Handlers;

/// <summary>The plans on disk: <c>plans/&lt;id&gt;.json</c> in the runner's folder, and never a path beyond it.</summary>
internal sealed class Plans(string stateFolder)
{
    private static readonly PlanJson Json = new(ReadableJson.Options(indented: true));
    private readonly string folder = Path.Combine(stateFolder, "plans");

    public void Keep(Plan plan)
    {
        PrivateFiles.CreateFolder(folder);
        PrivateFiles.Write(Path.Combine(folder, plan.PlanId + ".json"), JsonSerializer.SerializeToUtf8Bytes(plan, Json.Plan));
    }

    /// <summary>Whether the text is the id of a plan that was kept: a canonical UUID whose file is a real file.</summary>
    public bool Knows(string id)
    {
        if (!Guid.TryParseExact(id, "D", out var guid) || guid.ToString("D") != id) return false;
        var file = new FileInfo(Path.Combine(folder, id + ".json"));
        return file.LinkTarget is null && file.Exists;
    }
}

/// <summary>A plan: the result of <c>plan_echo</c> and the content of its file.</summary>
internal sealed record Plan(string Type, string PlanId, string Summary, IReadOnlyList<string> ProposedActions, bool RequiresApproval);

[JsonSerializable(typeof(Plan))]
internal sealed partial class PlanJson : JsonSerializerContext;
