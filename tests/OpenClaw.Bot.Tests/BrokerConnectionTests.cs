using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenClaw.Bot.Discord;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>Where the bot's tokens go, and what the log says where they can't.</summary>
public sealed class BrokerConnectionTests
{
    [Fact]
    public async Task TheTokenFollowsNoRedirect()
    {
        await using var elsewhere = new ScriptedBroker(_ => ScriptedAnswer.Ok("""{"id":"1","status":"queued"}"""));
        await using var broker = new ScriptedBroker(r => new ScriptedAnswer(307, "", new Uri(elsewhere.Url, r.Path).AbsoluteUri));
        await using var bot = await BotUnderTest.StartAsync(broker.Url);
        await bot.Person().SayAsync("ping hello");
        await bot.Person().ReadAsync("307");
        Assert.Empty(elsewhere.Take());
    }

    [Fact]
    public async Task ACertificateThatNobodyVouchesForIsNamedInTheLog()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = AcceptAsync(listener, certificate);
        var url = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");

        await using (var bot = await BotUnderTest.StartAsync(url))
        {
            await bot.Person().SayAsync("ping hello");
            await bot.Person().ReadAsync("can't be reached");
            Assert.Contains("certificate is not trusted", bot.Log.ToString(), StringComparison.Ordinal);
            Assert.Contains("SSL_CERT_FILE", bot.Log.ToString(), StringComparison.Ordinal);
        }

        using var output = new StringWriter();
        var clock = new TestClock();
        using var rest = new DiscordRest(url, FakeDiscord.Token, clock, () => 0.5, new ProgramLog(output, clock));
        var answer = await rest.SendAsync(new RestCall(HttpMethod.Post, "/x") { Repeatable = false }, default);
        Assert.Contains("certificate is not trusted", answer.ToString(), StringComparison.Ordinal);
        listener.Stop();
        await accepting;
    }

    private static async Task AcceptAsync(TcpListener listener, X509Certificate2 certificate)
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var stream = new SslStream(client.GetStream());
                await stream.AuthenticateAsServerAsync(certificate);
                _ = await stream.ReadAsync(new byte[1]);
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The client doesn't like the certificate.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }
}
