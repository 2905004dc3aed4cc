using Microsoft.AspNetCore.Connections;

namespace OpenClaw.Broker.Http;

/// <summary>
/// Keeps connections below the number of files that the process may open: without a descriptor left, neither the
/// database nor anything else works. When it becomes crowded, the oldest connection on which no valid token came goes.
/// </summary>
/// <param name="limit">Above this a new connection is closed at once, by the server.</param>
internal sealed class ConnectionGate(int limit)
{
    private readonly LinkedList<Guest> strangers = new();
    private readonly Lock gate = new();
    private int open;

    /// <summary>From this on each new connection costs a stranger's; what is left is for those that are just closing.</summary>
    private readonly int crowded = limit - (limit / 8);

    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var guest = new Guest(this, connection);
        connection.Features.Set(guest);
        Enter(guest)?.Abort(new ConnectionAbortedException("too many connections; this one brought no token"));
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(guest);
        }
    }

    /// <summary>A valid token came on this request's connection.</summary>
    public static void Trust(HttpContext context) => context.Features.Get<Guest>()?.Trust();

    private ConnectionContext? Enter(Guest guest)
    {
        lock (gate)
        {
            open++;
            var gone = open > crowded ? strangers.First : null;
            if (gone is not null) strangers.Remove(gone);
            strangers.AddLast(guest.Place);
            return gone?.Value.Connection;
        }
    }

    private void Leave(Guest guest)
    {
        lock (gate)
        {
            open--;
            if (guest.Place.List is not null) strangers.Remove(guest.Place);
        }
    }

    private sealed class Guest
    {
        private readonly ConnectionGate owner;
        private bool isTrusted;

        public Guest(ConnectionGate gate, ConnectionContext connection)
        {
            (owner, Connection) = (gate, connection);
            Place = new LinkedListNode<Guest>(this);
        }

        public ConnectionContext Connection { get; }

        public LinkedListNode<Guest> Place { get; }

        public void Trust()
        {
            if (isTrusted) return;
            isTrusted = true;
            lock (owner.gate)
            {
                if (Place.List is not null) owner.strangers.Remove(Place);
            }
        }
    }
}
