using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace OpenClaw.Broker.Board;

/// <summary>Who is signed in. The cookie holds a key to this alone, so a sign-out ends the session for every copy of it.</summary>
internal sealed class Sessions : ITicketStore
{
    private readonly ConcurrentDictionary<string, AuthenticationTicket> tickets = new();

    public Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        foreach (var (old, other) in tickets)
        {
            if (other.Properties.ExpiresUtc < ticket.Properties.IssuedUtc) tickets.TryRemove(old, out _);
        }
        var key = RandomNumberGenerator.GetHexString(32, lowercase: true);
        tickets[key] = ticket;
        return Task.FromResult(key);
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket)
    {
        tickets[key] = ticket;
        return Task.CompletedTask;
    }

    public Task<AuthenticationTicket?> RetrieveAsync(string key) => Task.FromResult(tickets.GetValueOrDefault(key));

    public Task RemoveAsync(string key)
    {
        tickets.TryRemove(key, out _);
        return Task.CompletedTask;
    }
}
