namespace OpenClaw.Benchmarks.Against;

/// <summary>Another system that does the same work.</summary>
/// <param name="Name">As <c>--only</c> has it.</param>
/// <param name="Kept">What is on the disk when it answers, and the settings that see to it.</param>
/// <param name="PromisesLess">What a caller of ours may rely on and one of theirs may not.</param>
internal sealed record Peer(string Name, string Title, string Kept, string PromisesLess, Func<Task<RunningPeer>> StartAsync);

/// <summary>A peer that is ready for its turns.</summary>
/// <param name="load">Is given a name that no other turn has: a queue's, a schema's.</param>
/// <param name="server">What runs for it between its turns too.</param>
internal sealed class RunningPeer(string version, Func<string, Task<Turn>> load, Server? server = null) : IAsyncDisposable
{
    public string Version => version;

    public Task<Turn> LoadAsync(string turn) => load(turn);

    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>A peer can't take part, and the message says why and what helps; the others still can.</summary>
internal sealed class PeerMissingException(string message) : Exception(message);
