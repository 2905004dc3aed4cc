namespace OpenClaw.Runner.Handlers;

/// <summary>The list of handlers.</summary>
internal static class All
{
    /// <summary>Every command of this runner with its handler, in the order in which <c>capabilities</c> names them.</summary>
    public static OrderedDictionary<string, IHandler> Create(RunnerContext runner)
    {
        var handlers = new OrderedDictionary<string, IHandler>(StringComparer.Ordinal);
        handlers.Add("ping", new Ping());
        handlers.Add("capabilities", new Capabilities(runner, handlers.Keys));
        handlers.Add("plan_echo", new PlanEcho(runner));
        handlers.Add("approve_echo", new ApproveEcho(runner));
        return handlers;
    }
}
