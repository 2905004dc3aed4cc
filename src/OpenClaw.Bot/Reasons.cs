using System.Security.Authentication;

namespace OpenClaw.Bot;

/// <summary>Why a connection failed, for a line of the log.</summary>
internal static class Reasons
{
    /// <summary>The messages of the exception and its causes, and what to do about a certificate that this machine doesn't trust.</summary>
    public static string Of(Exception e)
    {
        var messages = new List<string>();
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return $"its certificate is not trusted: {cause.Message} "
                    + "If it is your own, add its authority to those this machine trusts (SSL_CERT_FILE); else check the address and this machine's clock.";
            }
            if (!messages.Contains(cause.Message)) messages.Add(cause.Message);
        }
        return string.Join(" ← ", messages);
    }
}
