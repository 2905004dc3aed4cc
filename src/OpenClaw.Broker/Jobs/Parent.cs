using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Broker.Jobs;

/// <summary>What becomes of a job one of whose parents failed or was cancelled.</summary>
internal enum IfFailed
{
    Fail,
    Cancel,

    /// <summary>It runs all the same.</summary>
    Run,

    /// <summary>It is held until a person lets it go.</summary>
    Hold,
}

/// <summary>The words of <see cref="IfFailed"/>.</summary>
internal static class IfFailedNames
{
    private static readonly string[] Names = ["fail", "cancel", "run", "hold"];

    public static string Name(this IfFailed policy) => Names[(int)policy];

    public static IfFailed? Parse(string? name) => Array.IndexOf(Names, name) is >= 0 and var index ? (IfFailed)index : null;
}

/// <summary>A job for whose end another one waits.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Parent")]
internal sealed record Parent([property: Id(0)] Guid Id, [property: Id(1)] IfFailed IfFailed)
{
    /// <summary>How many a job may have.</summary>
    public const int Most = 100;

    public static string? Format(IReadOnlyList<Parent> parents) => parents.Count == 0 ? null
        : JsonSerializer.Serialize([.. parents.Select(static p => new ParentText(p.Id, p.IfFailed.Name()))], ParentJson.Default.ParentTextArray);

    public static IReadOnlyList<Parent> Parse(string? text) => text is null ? []
        : [.. JsonSerializer.Deserialize(text, ParentJson.Default.ParentTextArray)!
            .Select(static p => new Parent(p.Id, IfFailedNames.Parse(p.IfFailed)!.Value))];
}

/// <summary>A parent as a client names it: by its id, or by its <c>ref</c> within a batch.</summary>
internal sealed record ParentName(string Name, IfFailed IfFailed);

internal sealed record ParentText(Guid Id, string IfFailed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ParentText[]))]
internal sealed partial class ParentJson : JsonSerializerContext;
