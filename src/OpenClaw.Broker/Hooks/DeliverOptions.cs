using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>The configuration of <c>openclaw-broker --deliver</c>, checked.</summary>
/// <param name="Secrets">What signs webhooks; two while one is being changed for the other.</param>
internal sealed record DeliverOptions(Uri Broker, string Token, IReadOnlyList<byte[]> Secrets, HookGuard Guard)
{
    private const string Prefix = "whsec_";
    private const int ShortestSecret = 24;
    private const int LongestSecret = 64;
    private const string NewSecret = $"echo {Prefix}$(openssl rand -base64 32)";

    /// <exception cref="SettingsException">Something is missing or wrong.</exception>
    public static DeliverOptions Read(Settings settings)
    {
        var options = new DeliverOptions(BrokerAddress.Read(settings, "http://127.0.0.1:8000"),
            settings.RequiredSecret(BrokerVariables.DeliverToken, "It is the one that the broker's env file has."),
            ReadSecrets(settings), HookGuard.Read(settings));
        settings.Check();
        return options;
    }

    private static List<byte[]> ReadSecrets(Settings settings)
    {
        var secrets = new List<byte[]>();
        var texts = settings.RequiredSecret(BrokerVariables.WebhookSecret, $"Make one with: {NewSecret}.");
        foreach (var text in texts.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var bytes = new byte[text.Length];
            if (text.StartsWith(Prefix, StringComparison.Ordinal) && Convert.TryFromBase64String(text[Prefix.Length..], bytes, out var length)
                && length is >= ShortestSecret and <= LongestSecret)
            {
                secrets.Add(bytes[..length]);
                continue;
            }
            settings.Note($"{BrokerVariables.WebhookSecret} is not '{Prefix}' and {ShortestSecret} to {LongestSecret} bytes in Base64. "
                + $"Make one with: {NewSecret}");
        }
        return secrets;
    }
}
