using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Repositories;

/// <summary>The repository commands, on any system: none but on Linux.</summary>
internal static class ShownRepositories
{
    public static IReadOnlyList<string> Names { get; } = OperatingSystem.IsLinux() ? [.. RepositoryCommand.Names] : [];

    /// <summary>Each command with its handler; none where no repositories are shown.</summary>
    public static IReadOnlyList<KeyValuePair<string, IHandler>> Handlers(RepositorySettings? settings, RunnerContext runner)
    {
        var handlers = new List<KeyValuePair<string, IHandler>>();
        if (settings is null || !OperatingSystem.IsLinux()) return handlers;
        foreach (var command in RepositoryCommand.All) handlers.Add(new(command.Name, new RepositoryHandler(command, settings, runner)));
        return handlers;
    }
}
