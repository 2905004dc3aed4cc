using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenClaw.Testing;

/// <summary>
/// A network between a client and a broker that goes away when the client sends a certain text: neither that nor anything else arrives from then
/// on, and no connection is closed, until it heals.
/// </summary>
public sealed class CutProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource healed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Uri broker;
    private readonly string cutBy;
    private readonly Task loop;

    /// <param name="cutBy">A text of the client's, such as <c>/result</c>.</param>
    public CutProxy(Uri broker, string cutBy)
    {
        (this.broker, this.cutBy) = (broker, cutBy);
        listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        loop = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>Completes when the network has gone.</summary>
    public Task CutAsync() => cut.Task.WaitAsync(Broken.After);

    /// <summary>New connections come through again; the old ones break, as they do when an address has moved.</summary>
    public void Heal() => healed.TrySetResult();

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
            while (true) running.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                if (cut.Task.IsCompleted) await healed.Task.WaitAsync(stop.Token);
                await server.ConnectAsync(broker.Host, broker.Port, stop.Token);
                await await Task.WhenAny(
                    PassAsync(client.GetStream(), server.GetStream(), isClients: true), PassAsync(server.GetStream(), client.GetStream(), isClients: false));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One of them is gone, or the test has ended.
            }
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, bool isClients)
    {
        var buffer = new byte[16384];
        var wasHealed = healed.Task.IsCompleted;
        while (await from.ReadAsync(buffer, stop.Token) is > 0 and var read)
        {
            if (isClients && Encoding.Latin1.GetString(buffer, 0, read).Contains(cutBy, StringComparison.Ordinal)) cut.TrySetResult();
            if (cut.Task.IsCompleted && !wasHealed)
            {
                await healed.Task.WaitAsync(stop.Token);
                return;
            }
            await to.WriteAsync(buffer.AsMemory(0, read), stop.Token);
        }
    }
}
