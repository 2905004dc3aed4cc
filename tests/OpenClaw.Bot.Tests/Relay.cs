using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OpenClaw.Bot.Tests;

/// <summary>Passes connections on to a broker, and breaks them at the test's word.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> open = [];
    private readonly Uri broker;
    private readonly Task accepting;

    public Relay(Uri broker)
    {
        this.broker = broker;
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    public void Cut()
    {
        while (open.TryTake(out var client)) client.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        Cut();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var inner = await listener.AcceptTcpClientAsync();
            var outer = new TcpClient();
            await outer.ConnectAsync(broker.Host, broker.Port);
            open.Add(inner);
            open.Add(outer);
            _ = PassAsync(inner, outer);
            _ = PassAsync(outer, inner);
        }
    }

    private static async Task PassAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
        from.Dispose();
        to.Dispose();
    }
}
