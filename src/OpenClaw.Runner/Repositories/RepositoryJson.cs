using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Repositories;

/// <summary>The result of every repository command.</summary>
internal sealed record RepositoryAnswer(bool Ok, string WorkerId, string Command, string? Repo, bool Truncated, JsonElement Data, string? Error);

internal sealed record ListData(IReadOnlyList<ListedRepository> Repos);

internal sealed record ListedRepository(string Name, string Path);

/// <param name="Porcelain">As <c>git status --porcelain</c> writes it.</param>
internal sealed record StatusData(string Repo, string Branch, bool Dirty, string Porcelain);

internal sealed record CommitData(string Hash, string Author, string Date, string Subject);

/// <param name="Matches">Lines of the form <c>path:12:text</c>.</param>
internal sealed record GrepData(string Matches);

/// <param name="Start">The first line that is shown, from 1.</param>
/// <param name="End">The last one.</param>
internal sealed record FileData(string Path, int Start, int End, string Content);

[JsonSerializable(typeof(RepositoryAnswer))]
[JsonSerializable(typeof(ListData))]
[JsonSerializable(typeof(StatusData))]
[JsonSerializable(typeof(CommitData))]
[JsonSerializable(typeof(GrepData))]
[JsonSerializable(typeof(FileData))]
internal sealed partial class RepositoryJson : JsonSerializerContext
{
    public static RepositoryJson Readable { get; } = new(ReadableJson.Options());
}
