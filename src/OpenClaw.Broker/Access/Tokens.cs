using System.Security.Cryptography;
using System.Text;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>The tokens that open something, and whose they are. Kept as SHA-256, so that comparing tells nothing of them.</summary>
internal sealed class Tokens(BrokerOptions options)
{
    private readonly Token bot = new(options.BotToken, new Caller("bot", Role.Bot));
    private readonly Token worker = new(options.WorkerToken, new Caller("worker", Role.Worker));
    private readonly Token? admin = options.AdminToken is { } text ? new Token(text, new Caller("admin", Role.Admin)) : null;

    /// <summary>The header in which callers of the role send their token.</summary>
    public static string Header(Role role) => role == Role.Bot ? HeaderNames.BotToken : HeaderNames.WorkerToken;

    /// <summary>Whose token the request carries in the role's header; null if it is missing, doubled or wrong.</summary>
    public CallerPrincipal? Find(HttpRequest request, Role role)
    {
        var sent = request.Headers[Header(role)];
        return sent.Count == 1 ? (role == Role.Bot ? bot : worker).OwnerIf(sent[0]!) : null;
    }

    /// <summary>The admin, if the text is the admin's token.</summary>
    public CallerPrincipal? FindAdmin(string text) => admin?.OwnerIf(text);

    private sealed class Token(string text, Caller owner)
    {
        private const int OnStackLength = 256;
        private readonly byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        private readonly CallerPrincipal owner = new(owner);

        public CallerPrincipal? OwnerIf(string sent)
        {
            var maxLength = Encoding.UTF8.GetMaxByteCount(sent.Length);
            var bytes = sent.Length <= OnStackLength ? stackalloc byte[maxLength] : new byte[maxLength];
            Span<byte> sentHash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(sent, bytes)], sentHash);
            return CryptographicOperations.FixedTimeEquals(sentHash, hash) ? owner : null;
        }
    }
}
