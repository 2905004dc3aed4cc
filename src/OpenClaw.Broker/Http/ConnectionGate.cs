using Microsoft.AspNetCore.Connections;

namespace OpenClaw.Broker.Http;

/// <summary>
/// Keeps connections below the number of files that the process may open: without a descriptor left, neither the
/// database nor anything else works. When all places are taken, the oldest connection on which no valid token came goes,
/// and where there is none, the new one.
/// </summary>
/// <param name="limit">How many may be open.</param>
internal sealed class ConnectionGate(int limit)
{
    private readonly LinkedList<Guest> strangers = new();
    private readonly Lock gate = new();
    private int open;

    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var guest = new Guest(this, connection);
        connection.Features.Set(guest);
        // The descriptor is free as soon as this returns, whatever the server still has to do about the connection.
        Enter(guest)?.Connection.Abort(new ConnectionAbortedException("too many connections; this one brought no token"));
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

    /// <summary>Gives it a place.</summary>
    /// <returns>Whoever has to go for that, perhaps itself.</returns>
    private Guest? Enter(Guest guest)
    {
        lock (gate)
        {
            strangers.AddLast(guest.Place);
            if (++open <= limit) return null;
            var gone = strangers.First!.Value;
            GiveUp(gone);
            return gone;
        }
    }

    private void Leave(Guest guest)
    {
        lock (gate) GiveUp(guest);
    }

    /// <summary>To be called within the gate; frees its place once, however it goes.</summary>
    private void GiveUp(Guest guest)
    {
        if (guest.HasLeft) return;
        guest.HasLeft = true;
        open--;
        if (guest.Place.List is not null) strangers.Remove(guest.Place);
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

        public bool HasLeft { get; set; }

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
