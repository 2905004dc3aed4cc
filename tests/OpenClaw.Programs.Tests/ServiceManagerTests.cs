using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using OpenClaw.Testing;

namespace OpenClaw.Programs.Tests;

/// <summary>What systemd would hear, over a real socket.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private const int OwnProcess = 4711;
    private readonly TempFolder folder = new();
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };

    public void Dispose()
    {
        socket.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HearsWhatIsSaid(bool isAbstract)
    {
        var name = isAbstract ? "@openclaw-" + Guid.NewGuid() : folder.File("notify");
        socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        var manager = Of(("NOTIFY_SOCKET", name));
        manager.Ready("listening\non \u001b[31mhttp://x");
        manager.Status("disk: full");
        manager.Ping();
        manager.Stopping();
        Assert.Equal(
            ["READY=1\nSTATUS=listening\\u000aon \\u001b[31mhttp://x", "STATUS=disk: full", "WATCHDOG=1", "STOPPING=1\nSTATUS=stopping"],
            [Hear(), Hear(), Hear(), Hear()]);
    }

    [Fact]
    public void NobodyThereIsNoTrouble()
    {
        Of().Ready("x");
        Of(("NOTIFY_SOCKET", folder.File("nobody"))).Ready("x");
        Assert.False(Of().Listens);
    }

    [Theory]
    [InlineData("30000000", null, 30.0)]
    [InlineData("30000000", "4711", 30.0)]
    [InlineData("30000000", "4712", null)] // another process's, inherited
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    public void WantsPingsOfTheProcessThatItNames(string microseconds, string? process, double? seconds) =>
        Assert.Equal(seconds, Of(("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", process)).WatchdogPeriod?.TotalSeconds);

    [Fact]
    public void HearsThreePingsAPeriod()
    {
        var name = folder.File("notify");
        socket.Bind(new UnixDomainSocketEndPoint(name));
        var clock = new FakeTimeProvider();
        using var pings = Of(("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", "30000000")).PingAlways(clock);
        clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 4; i++) Assert.Equal("WATCHDOG=1", Hear());
        Assert.Equal(0, socket.Available);
    }

    [Theory]
    [InlineData("4711", "2", true)]
    [InlineData("4712", "2", false)]
    [InlineData("4711", "0", false)]
    [InlineData(null, "1", false)]
    public void HandsSocketsToTheProcessThatItNames(string? process, string number, bool hands) =>
        Assert.Equal(hands, Of(("LISTEN_PID", process), ("LISTEN_FDS", number)).HandsSockets);

    private static ServiceManager Of(params (string Name, string? Value)[] variables) =>
        new(name => variables.FirstOrDefault(v => v.Name == name).Value, OwnProcess);

    private string Hear()
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
