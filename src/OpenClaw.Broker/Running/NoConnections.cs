using System.Net;
using Microsoft.AspNetCore.Connections;

namespace OpenClaw.Broker.Running;

/// <summary>
/// A silo that is alone in its cluster listens on no port: whoever could connect to it could make jobs and pause queues
/// without a token.
/// </summary>
internal sealed class NoConnections : IConnectionListenerFactory
{
    /// <summary>Takes the place of every listener that Orleans has registered, each under a key that only Orleans knows.</summary>
    public static void Use(IServiceCollection services)
    {
        var keys = services.Where(static s => s.IsKeyedService && s.ServiceType == typeof(IConnectionListenerFactory)).Select(static s =>
            s.ServiceKey).ToList();
        foreach (var key in keys) services.AddKeyedSingleton<IConnectionListenerFactory, NoConnections>(key);
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Listener(endpoint));

    private sealed class Listener(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint { get; } = endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await unbound.Task.WaitAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            unbound.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
