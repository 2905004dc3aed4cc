using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using OpenClaw.Broker.Access;

namespace OpenClaw.Broker.Board;

/// <summary>Who is signed in. The cookie holds a key to this alone, so a sign-out ends the session for every copy of it.</summary>
internal sealed class Sessions(Tokens tokens) : ITicketStore
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

    /// <summary>A session lasts no longer than the token that opened it.</summary>
    public Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        var ticket = tickets.GetValueOrDefault(key);
        return Task.FromResult(ticket?.Principal is CallerPrincipal { Caller.Credential: var credential } && tokens.IsAlive(credential) ? ticket : null);
    }

    public Task RemoveAsync(string key)
    {
        tickets.TryRemove(key, out _);
        return Task.CompletedTask;
    }
}
