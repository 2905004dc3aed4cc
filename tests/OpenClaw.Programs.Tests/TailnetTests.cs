using System.Net;
using OpenClaw.Client;

namespace OpenClaw.Programs.Tests;

public sealed class TailnetTests
{
    [Theory]
    [InlineData("100.64.0.0", true)]
    [InlineData("100.127.255.255", true)]
    [InlineData("::ffff:100.100.1.2", true)]
    [InlineData("fd7a:115c:a1e0::1", true)]
    [InlineData("fd7a:115c:a1e0:ffff:ffff:ffff:ffff:ffff", true)]
    [InlineData("100.63.255.255", false)]
    [InlineData("100.128.0.0", false)]
    [InlineData("fd7a:115c:a1e1::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("127.0.0.1", false)]
    public void ItHoldsItsOwnAddresses(string address, bool inside) => Assert.Equal(inside, Tailnet.Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.10", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("192.168.1.1", false)]
    public void PrivateIsThisMachineAndTheTailnet(string address, bool isPrivate) => Assert.Equal(isPrivate, Tailnet.IsPrivate(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://127.0.0.1:8000")]
    [InlineData("http://[::1]:8000")]
    [InlineData("http://localhost:8000")]
    [InlineData("http://vps:8000")]
    [InlineData("http://vps.tail1234.ts.net")]
    [InlineData("http://100.101.102.103:8000")]
    [InlineData("http://[::ffff:100.101.102.103]:8000")]
    [InlineData("https://broker.example.org")]
    public void ABrokerThereMayBeSpokenToAsItIs(string url) => Assert.Equal(new Uri(url), Read(url));

    [Theory]
    [InlineData("http://broker.example.org")]
    [InlineData("http://203.0.113.7:8000")]
    [InlineData("http://ts.net.example.org")]
    [InlineData("http://evilts.net.")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("vps")]
    public void ABrokerElsewhereIsRefusedInPlainText(string url) => Assert.Throws<SettingsException>(() => Read(url));

    [Fact]
    public void ANetworkThatTheUserVouchesForIsTaken() => Assert.Equal(new Uri("http://broker.example.org"), Read("http://broker.example.org", "1"));

    private static Uri Read(string url, string? allow = null)
    {
        var settings = Settings.Load(name => name switch { "BROKER_URL" => url, "ALLOW_PLAIN_HTTP" => allow, _ => null }, null);
        var read = BrokerAddress.Read(settings, "http://127.0.0.1:8000");
        settings.Check();
        return read;
    }
}
