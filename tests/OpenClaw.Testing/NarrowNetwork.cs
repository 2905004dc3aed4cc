using System.Net;
using System.Net.Sockets;

namespace OpenClaw.Testing;

/// <summary>A network between a client and a broker that breaks its first connection behind so many bytes of the broker's answer, and no other.</summary>
public sealed class NarrowNetwork : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Uri broker;
    private readonly int most;
    private readonly Task loop;
    private int connections;

    public NarrowNetwork(Uri broker, int most)
    {
        (this.broker, this.most) = (broker, most);
        listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        loop = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>How many bytes the broker answered on the first connection, those that were cut off among them.</summary>
    public int First { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await loop;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true) running.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token), isFirst: connections++ == 0));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task ServeAsync(TcpClient client, bool isFirst)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(broker.Host, broker.Port, stop.Token);
                await await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), stop.Token), AnswerAsync(server.GetStream(), client, isFirst));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One of them is gone, or the test has ended.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream from, TcpClient client, bool isFirst)
    {
        var buffer = new byte[16384];
        var passed = 0;
        while (await from.ReadAsync(buffer, stop.Token) is > 0 and var read)
        {
            var fits = isFirst ? Math.Clamp(most - passed, 0, read) : read;
            await client.GetStream().WriteAsync(buffer.AsMemory(0, fits), stop.Token);
            passed += read;
            if (isFirst) First = passed;
            if (fits < read || isFirst && passed >= most) return;
        }
    }
}
