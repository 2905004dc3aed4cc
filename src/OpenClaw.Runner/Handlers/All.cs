using OpenClaw.Runner.Models;
using OpenClaw.Runner.Repositories;

namespace OpenClaw.Runner.Handlers;

/// <summary>The list of handlers.</summary>
internal static class All
{
    /// <summary>The names of all commands that are built in, served or not.</summary>
    public static IReadOnlyCollection<string> Names { get; } =
        [.. Create(new RunnerContext("", "", TimeProvider.System)).Keys, .. ShownRepositories.Names, .. ModelHandler.Names];

    /// <summary>Every command of this runner with its handler, in the order in which <c>capabilities</c> names them.</summary>
    /// <param name="own">The commands beside these, read at each job.</param>
    /// <param name="more">Those that are served only where the configuration has what they need.</param>
    public static OrderedDictionary<string, IHandler> Create(
        RunnerContext runner, IEnumerable<string>? own = null, IEnumerable<KeyValuePair<string, IHandler>>? more = null)
    {
        var handlers = new OrderedDictionary<string, IHandler>(StringComparer.Ordinal);
        handlers.Add("ping", new Ping());
        handlers.Add("capabilities", new Capabilities(runner, handlers.Keys.Concat(own ?? [])));
        handlers.Add("plan_echo", new PlanEcho(runner));
        handlers.Add("approve_echo", new ApproveEcho(runner));
        foreach (var (name, handler) in more ?? []) handlers.Add(name, handler);
        return handlers;
    }
}
