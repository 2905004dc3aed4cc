using System.Runtime.Versioning;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Repositories;

/// <summary>A command that shows something of a repository, and changes nothing.</summary>
/// <param name="Fields">JSON schema of the payload's fields.</param>
/// <param name="Required">Of these the needed ones.</param>
[SupportedOSPlatform("linux")]
internal sealed record RepositoryCommand(
    string Name, string Description, string Fields, string[] Required, Func<RepositoryCall, Task<RepositoryFound>> RunAsync)
{
    private const string Repo = """ "repo": {"type": "string", "description": "A name of repo_list"} """;

    public static IReadOnlyList<RepositoryCommand> All { get; } =
    [
        new("repo_list", "The repositories that this runner shows", "", [], RepositoryReads.ListAsync),
        new("repo_status", "Branch and changed files of a repository", Repo, ["repo"], RepositoryReads.StatusAsync),
        new("repo_last_commit", "Hash, author, date and subject of the newest commit of a repository", Repo, ["repo"], RepositoryReads.LastCommitAsync),
        new("repo_grep", "Lines of a repository's files that a regular expression is found in",
            Repo + """
            , "query": {"type": "string", "description": "In lower case: found in any case"},
            "path": {"type": "string", "description": "A folder or file of the repository, to search there alone"}
            """, ["repo", "query"], RepositorySearch.GrepAsync),
        new("repo_readfile", "Lines of a file of a repository",
            Repo + """
            , "path": {"type": "string"}, "start": {"type": "integer", "minimum": 1, "default": 1},
            "end": {"type": "integer", "minimum": 1, "description": "The last line; 200 lines without it"}
            """, ["repo", "path"], RepositoryReads.ReadFileAsync),
    ];

    public static IEnumerable<string> Names => All.Select(static c => c.Name);

    /// <summary>What the broker is told.</summary>
    public ServedCommand Told
    {
        get
        {
            var required = string.Join(", ", Required.Select(static r => $"\"{r}\""));
            var schema = $$"""{"type": "object", "properties": { {{Fields}} }, "required": [{{required}}]}""";
            return new ServedCommand(Name, Description, JsonDocument.Parse(schema).RootElement);
        }
    }
}

/// <summary>What a command has found.</summary>
/// <param name="IsCut">Whether there is more than is shown.</param>
internal sealed record RepositoryFound(JsonElement Data, bool IsCut = false);
