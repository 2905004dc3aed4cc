using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Opens the server's listeners, and knows where they are: the server itself remembers only where they were opened.</summary>
internal sealed class Listeners(IOptions<SocketTransportOptions> options, ILoggerFactory logs) : IConnectionListenerFactory
{
    private readonly SocketTransportFactory sockets = new(options, logs);
    private MovableListener[] open = [];

    /// <summary>What the broker answers on now.</summary>
    public IEnumerable<IPEndPoint> Addresses => open.Select(static l => (IPEndPoint)l.EndPoint);

    /// <summary>The one on the tailnet's address, if there is one.</summary>
    public MovableListener? OnTailnet => open.FirstOrDefault(static l => Tailnet.Contains(((IPEndPoint)l.EndPoint).Address));

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = new MovableListener(sockets, await sockets.BindAsync(endpoint, cancellationToken));
        open = [.. open, listener];
        return listener;
    }
}

/// <summary>A listener that goes on at another address, unnoticed by the server above it.</summary>
internal sealed class MovableListener(IConnectionListenerFactory sockets, IConnectionListener first) : IConnectionListener
{
    private readonly Lock gate = new();
    private readonly List<IConnectionListener> left = [];
    private IConnectionListener current = first;
    private bool isClosed;

    public EndPoint EndPoint => current.EndPoint;

    /// <summary>Listens there, and no longer where it did.</summary>
    public async Task MoveAsync(IPEndPoint to)
    {
        var next = await sockets.BindAsync(to);
        lock (gate)
        {
            left.Add(isClosed ? next : current); // disposed at the end: its connections may still use its buffers
            if (!isClosed) current = next;
        }
        await left[^1].UnbindAsync();
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var listener = current;
            if (await listener.AcceptAsync(cancellationToken) is { } connection) return connection;
            if (listener == current) return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        lock (gate) isClosed = true;
        return current.UnbindAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        foreach (var listener in left.Append(current)) await listener.DisposeAsync();
    }
}
