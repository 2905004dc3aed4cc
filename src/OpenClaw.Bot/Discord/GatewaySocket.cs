using System.Buffers;
using System.Net.WebSockets;

namespace OpenClaw.Bot.Discord;

/// <summary>A web socket that reads whole messages and sends one at a time.</summary>
internal sealed class GatewaySocket : IAsyncDisposable
{
    private const int LargestMessage = 64 * 1024 * 1024;
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2.5);

    private readonly ClientWebSocket socket;
    private readonly TimeProvider clock;
    private readonly ArrayBufferWriter<byte> buffer = new(16 * 1024);

    private GatewaySocket(ClientWebSocket socket, TimeProvider clock) => (this.socket, this.clock) = (socket, clock);

    public static async Task<GatewaySocket> ConnectAsync(Uri address, string userAgent, TimeProvider clock, CancellationToken stop)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("User-Agent", userAgent);
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var deadline = new CancellationTokenSource(ConnectTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        try
        {
            await socket.ConnectAsync(address, either.Token);
            return new GatewaySocket(socket, clock);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            socket.Dispose();
            throw new WebSocketException("the gateway did not answer in time");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The next whole message; the memory is valid until the next call. A close or a cut is a null message.</summary>
    public async Task<(ReadOnlyMemory<byte>? Message, int? CloseCode)> ReceiveAsync(CancellationToken stop)
    {
        buffer.ResetWrittenCount();
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.GetMemory(8 * 1024), stop);
                if (part.MessageType == WebSocketMessageType.Close) return (null, (int?)socket.CloseStatus);
                buffer.Advance(part.Count);
                if (part.EndOfMessage) return (buffer.WrittenMemory, null);
                if (buffer.WrittenCount > LargestMessage) return (null, null);
            }
        }
        catch (WebSocketException)
        {
            return (null, null);
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken stop)
    {
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, stop);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException or IOException)
        {
            // The receiving side sees the same cut and acts on it.
        }
    }

    /// <summary>Says why, and gives the other side a moment to answer.</summary>
    /// <param name="receiving">A receive that is still open, if there is one.</param>
    public async Task CloseAsync(int code, Task? receiving)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived)) return;
        using var deadline = new CancellationTokenSource(CloseTime, clock);
        try
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, null, deadline.Token);
            await (receiving ?? DrainAsync(deadline.Token)).WaitAsync(deadline.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    private async Task DrainAsync(CancellationToken stop)
    {
        var rest = new byte[4096];
        while (socket.State == WebSocketState.CloseSent) await socket.ReceiveAsync(rest, stop);
    }

    public ValueTask DisposeAsync()
    {
        socket.Abort();
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
