using System.Net;
using System.Net.Sockets;

namespace OpenClaw.Testing;

/// <summary>A network between a client and a broker, in which a test decides what arrives.</summary>
public abstract class TestNetwork : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Uri broker;
    private readonly Task loop;

    protected TestNetwork(Uri broker)
    {
        this.broker = broker;
        listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        loop = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>Cancelled when the test has ended.</summary>
    protected CancellationToken Stop => stop.Token;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        listener.Stop(); // not before: who accepts once more would find nobody listening
        stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Before a connection to the broker is made.</summary>
    protected virtual Task BeforeAsync() => Task.CompletedTask;

    /// <summary>Passes on what both say, until one of them is not to hear more.</summary>
    /// <param name="n">0 for the first connection.</param>
    protected abstract Task PassAsync(NetworkStream client, NetworkStream server, int n);

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true) running.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token), running.Count));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task ServeAsync(TcpClient client, int n)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await BeforeAsync();
                await server.ConnectAsync(broker.Host, broker.Port, stop.Token);
                await PassAsync(client.GetStream(), server.GetStream(), n);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One of them is gone, or the test has ended.
            }
        }
    }
}
