using OpenClaw.Contracts;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Models;
using OpenClaw.Runner.Repositories;

namespace OpenClaw.Runner.Commands;

/// <summary>What the runner does now: the handlers that are built in, and the commands of the file, which may change while it works.</summary>
internal sealed class ServedCommands(IReadOnlyDictionary<string, IHandler> builtIn) : IDisposable
{
    private readonly HashSet<string> dropped = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, OwnCommand> own = new Dictionary<string, OwnCommand>();
    private volatile CancellationTokenSource change = new();

    /// <summary>With the handlers of every runner, of which one names all commands.</summary>
    /// <param name="repositories">What it shows of which; null for nothing.</param>
    /// <param name="model">What it asks; null for none.</param>
    public static ServedCommands Of(RunnerContext runner, RepositorySettings? repositories = null, ModelSettings? model = null)
    {
        ServedCommands? served = null;
        var more = ShownRepositories.Handlers(repositories, runner).Concat(ModelHandler.All(model, runner.Clock, name => served!.FindTool(name)));
        served = new ServedCommands(All.Create(runner, Own(), more));
        return served;

        IEnumerable<string> Own()
        {
            foreach (var name in served!.own.Keys) yield return name;
        }
    }

    /// <summary>The names of all commands.</summary>
    public IReadOnlyList<string> Names => [.. builtIn.Keys, .. own.Keys];

    /// <summary>Cancelled once there are other commands than now.</summary>
    public CancellationToken Changed => change.Token;

    /// <summary>What the broker is told of each.</summary>
    public IReadOnlyList<ServedCommand> Told => [.. builtIn.Select(static b => b.Value.Told(b.Key)), .. own.Values.Select(static c => c.Told)];

    /// <summary>Null where there is no such command.</summary>
    public IHandler? Find(string command) => builtIn.GetValueOrDefault(command) ?? own.GetValueOrDefault(command)?.Handler;

    /// <summary>A command that a model may be given as a tool: one that shows a repository, or one of the file that needs no person's yes.</summary>
    public OwnCommand? FindTool(string command)
    {
        if (builtIn.GetValueOrDefault(command) is { } handler)
        {
            return ShownRepositories.Names.Contains(command) ? new OwnCommand(handler, handler.Told(command)) : null;
        }
        return own.GetValueOrDefault(command) is { Told.Approval: false } found ? found : null;
    }

    /// <summary>Whether the command was served until the file changed: a claim of a moment ago may still bring it.</summary>
    public bool WasDropped(string command)
    {
        lock (dropped) return dropped.Contains(command);
    }

    /// <summary>Serves these from now on. Jobs that run go on as they began.</summary>
    public void Replace(IReadOnlyDictionary<string, OwnCommand> commands)
    {
        lock (dropped)
        {
            dropped.UnionWith(own.Keys);
            dropped.ExceptWith(commands.Keys);
        }
        own = commands;
        var before = change;
        change = new CancellationTokenSource();
        before.Cancel();
    }

    public void Dispose() => change.Dispose();
}

/// <summary>A command of the file.</summary>
/// <param name="Told">What the broker is told of it.</param>
internal sealed record OwnCommand(IHandler Handler, ServedCommand Told);
