using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Programs;

namespace OpenClaw.Broker;

/// <summary>A rule of the file that <c>APPROVALS</c> names: jobs that it fits wait for a person's yes, whatever their maker says.</summary>
/// <param name="Command">Null for any; a name, or the beginning of one and a star. So are the next two.</param>
/// <param name="By">Who may decide: names of persons or tokens; null for every approver.</param>
/// <param name="Note">What those are told.</param>
internal sealed record ApprovalRule(
    string? Command = null, string? Queue = null, string? Requester = null, IReadOnlyList<string>? By = null, double? TimeoutSeconds = null,
    string? Note = null)
{
    public bool Fits(string command, string queue, string? requester) =>
        Fits(Command, command) && Fits(Queue, queue) && Fits(Requester, requester ?? "");

    /// <summary>The rules of a file. What is wrong with it is noted: a broker without its rules must not start.</summary>
    public static IReadOnlyList<ApprovalRule> Read(Settings settings, string variable)
    {
        if (settings.Text(variable) is not { } path) return [];
        const string Example = """{"rules": [{"command": "deploy*", "by": ["anna"], "timeout_seconds": 3600}]}""";
        try
        {
            using var file = File.OpenRead(path);
            var rules = JsonSerializer.Deserialize(file, ApprovalRuleJson.Default.ApprovalRuleFile)?.Rules ?? [];
            for (var n = 0; n < rules.Count; n++)
            {
                if (rules[n] is not { TimeoutSeconds: <= 0 or > 315_360_000 } and not { By.Count: 0 } and not null) continue;
                settings.Note($"{variable}: rule {n + 1} of {path} says nothing, lets nobody decide, or has a timeout that is no time. Set it as in: "
                    + Example);
            }
            return rules;
        }
        catch (JsonException e)
        {
            settings.Note($"{variable}: {path}, line {e.LineNumber + 1}, is not what a file of rules is ({e.Path}). Set it as in: {Example}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            settings.Note($"{variable} names {path}, which can't be read ({e.Message}). Make it readable for the broker, or leave {variable} out.");
        }
        return [];
    }

    private static bool Fits(string? pattern, string name) => pattern is null
        || (pattern is [.. var beginning, '*'] ? name.StartsWith(beginning, StringComparison.Ordinal) : name == pattern);
}

internal sealed record ApprovalRuleFile(IReadOnlyList<ApprovalRule> Rules);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(ApprovalRuleFile))]
internal sealed partial class ApprovalRuleJson : JsonSerializerContext;
