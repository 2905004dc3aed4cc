using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Commands;

/// <summary>A command of the file, checked.</summary>
internal sealed record CommandDefinition
{
    public const int DefaultResultBytes = 1 << 20, MostResultBytes = 8 << 20;

    public required string Name { get; init; }

    public string? Description { get; init; }

    /// <summary>An absolute path.</summary>
    public required string Program { get; init; }

    public required IReadOnlyList<ArgumentTemplate> Arguments { get; init; }

    public PayloadWay Payload { get; init; }

    /// <summary>Null where any text will do as a payload.</summary>
    public CommandSchema? Schema { get; init; }

    /// <summary>The schema as it stands in the file.</summary>
    public JsonElement? SchemaJson { get; init; }

    /// <summary>What the command gets beside what all get, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>As the file names it: <c>NAME</c> of what is the runner's, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> EnvironmentNames { get; init; } = [];

    /// <summary>Null for a new and empty one for each job.</summary>
    public string? WorkingFolder { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>So long without a byte of output the command is ended.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>From SIGTERM to SIGKILL.</summary>
    public required TimeSpan Grace { get; init; }

    /// <summary>Of the result, in UTF-8.</summary>
    public int ResultBytes { get; init; } = DefaultResultBytes;

    public IReadOnlyList<int> SuccessCodes { get; init; } = [0];

    public bool RequiresApproval { get; init; }

    public SandboxRules Sandbox { get; init; } = new(SandboxKind.None);

    /// <summary>A hash of all that decides what would run; times, limits and descriptions don't.</summary>
    public string Hash => JobDigest.Of(
    [
        "command-1", Program, .. List(Arguments.Select(static a => a.Text)), Payload.ToString(), Normal(SchemaJson),
        .. List(EnvironmentNames.Order(StringComparer.Ordinal)), WorkingFolder ?? "", .. Sandbox.Texts,
    ]);

    /// <summary>What the broker is told.</summary>
    public ServedCommand Told => new(Name, Description, SchemaJson, RequiresApproval, Hash);

    private static string[] List(IEnumerable<string> texts)
    {
        string[] list = [.. texts];
        return [$"{list.Length}", .. list];
    }

    /// <summary>Without the white space, which says nothing.</summary>
    private static string Normal(JsonElement? json)
    {
        if (json is not { } value) return "";
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text)) value.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}

/// <summary>How a command gets the whole payload.</summary>
internal enum PayloadWay
{
    None,
    Stdin,

    /// <summary>As <c>{payload}</c> in its arguments.</summary>
    Argument,

    /// <summary>In a file, whose path is <c>{payload}</c> in its arguments.</summary>
    File,
}
