namespace OpenClaw.Runner.Handlers;

/// <summary>
/// The commands this runner knows. A handler's file adds its own command from a <c>[ModuleInitializer]</c>, which the
/// runtime calls before <c>Main</c>: no list to edit, no reflection.
/// </summary>
internal static class Commands
{
    private static readonly Dictionary<string, Func<RunnerContext, IHandler>> Makers = new(StringComparer.Ordinal);

    /// <summary>The names of all commands, in no order.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <exception cref="InvalidOperationException">Two handlers have one command.</exception>
    public static void Add(string command, Func<RunnerContext, IHandler> make)
    {
        if (!Makers.TryAdd(command, make)) throw new InvalidOperationException($"two handlers for the command '{command}'");
    }

    /// <summary>One handler a command, for the life of the runner.</summary>
    public static IReadOnlyDictionary<string, IHandler> Create(RunnerContext runner) =>
        Makers.ToDictionary(m => m.Key, m => m.Value(runner), StringComparer.Ordinal);
}
