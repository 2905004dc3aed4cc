using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OpenClaw.Programs;

/// <summary>
/// The service manager that started this program (systemd): what it wants to hear, by the protocol of sd_notify(3), and the sockets
/// that it hands over, by sd_listen_fds(3). Nothing is said, and nothing taken, where none did.
/// </summary>
public sealed class ServiceManager
{
    private const int FirstSocket = 3;
    private readonly string? address;
    private readonly int sockets;

    /// <param name="read">A variable of the environment.</param>
    /// <param name="processId">The process that the variables must be meant for, since children inherit them.</param>
    public ServiceManager(Func<string, string?> read, int processId)
    {
        address = read("NOTIFY_SOCKET") is { Length: > 0 } path ? path : null;
        if (Number(read("WATCHDOG_USEC")) is > 0 and var microseconds && (Number(read("WATCHDOG_PID")) ?? processId) == processId)
        {
            WatchdogPeriod = TimeSpan.FromMicroseconds(microseconds);
        }
        if (Number(read("LISTEN_PID")) == processId) sockets = (int)Math.Clamp(Number(read("LISTEN_FDS")) ?? 0, 0, 64);
    }

    /// <summary>The manager of this process.</summary>
    public static ServiceManager OfProcess { get; } = new(Environment.GetEnvironmentVariable, Environment.ProcessId);

    /// <summary>Without a ping within this time the process is ended and started again; null where none are wanted.</summary>
    public TimeSpan? WatchdogPeriod { get; }

    /// <summary>Whether anybody hears what is said.</summary>
    [MemberNotNullWhen(true, nameof(address))]
    public bool Listens => address is not null;

    /// <summary>Whether it opened the sockets to listen on.</summary>
    public bool HandsSockets => sockets > 0;

    /// <summary>The program does its work from now on.</summary>
    public void Ready(string status) => Say($"READY=1\nSTATUS={VisibleText.Of(status)}");

    /// <summary>The program is about to end.</summary>
    public void Stopping() => Say("STOPPING=1\nSTATUS=stopping");

    /// <summary>How it is going, in a line for people.</summary>
    public void Status(string status) => Say($"STATUS={VisibleText.Of(status)}");

    /// <summary>All is well; see <see cref="WatchdogPeriod"/>.</summary>
    public void Ping() => Say("WATCHDOG=1");

    /// <summary>Pings three times a period for as long as the process's timers and pool threads work; null where no pings are wanted.</summary>
    public ITimer? PingAlways(TimeProvider clock) =>
        WatchdogPeriod is { } period ? clock.CreateTimer(static manager => ((ServiceManager)manager!).Ping(), this, TimeSpan.Zero, period / 3) : null;

    /// <summary>The listening sockets that the manager opened; to be called once.</summary>
    public IReadOnlyList<Socket> TakeSockets() =>
        [.. Enumerable.Range(FirstSocket, sockets).Select(static n => new Socket(new SafeSocketHandle(n, ownsHandle: true)))];

    private void Say(string message)
    {
        if (!Listens) return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address));
        }
        catch (SocketException)
        {
            // A manager that does not hear: there is nobody to tell.
        }
    }

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
