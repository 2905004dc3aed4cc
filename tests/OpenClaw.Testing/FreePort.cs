using System.Net;
using System.Net.Sockets;

namespace OpenClaw.Testing;

/// <summary>
/// Ports that nobody listens on. Brokers of several test processes look alike, tokens and all: two that came to share a port would be taken for
/// each other, so a port is held by this process until it ends.
/// </summary>
public static class FreePort
{
    /// <summary>Below those that the system gives to outgoing connections.</summary>
    private const int First = 10_000, Last = 32_000;

    private static readonly string Folder = Path.Combine(Path.GetTempPath(), "openclaw-test-ports");
    private static readonly List<FileStream> Held = [];

    /// <summary>A loopback port that was free a moment ago, and is this process's own among all tests.</summary>
    public static int Take()
    {
        Directory.CreateDirectory(Folder);
        while (true)
        {
            var port = Random.Shared.Next(First, Last);
            if (Hold(port) is not { } held) continue;
            if (IsFree(port))
            {
                lock (Held) Held.Add(held);
                return port;
            }
            held.Dispose();
        }
    }

    private static FileStream? Hold(int port)
    {
        try
        {
            return new FileStream(Path.Combine(Folder, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
