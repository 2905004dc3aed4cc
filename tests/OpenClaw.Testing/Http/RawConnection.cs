using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OpenClaw.Testing.Http;

/// <summary>A TCP connection to a broker, for requests that no polite client would send.</summary>
public sealed class RawConnection : IDisposable
{
    private readonly TcpClient client;
    private readonly NetworkStream stream;
    private readonly byte[] buffer = new byte[65536];
    private int start, end;

    private RawConnection(TcpClient client) => (this.client, stream) = (client, client.GetStream());

    public static async Task<RawConnection> OpenAsync(Uri url)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(url.Host, url.Port);
        return new RawConnection(client);
    }

    /// <summary>Sends text as UTF-8; each <c>\n</c> alone goes out as it is, so write <c>\r\n</c>.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await stream.WriteAsync(bytes);

    /// <summary>Sends what the other side still takes: it may answer and close before it has read everything.</summary>
    /// <returns>Whether all of it was taken.</returns>
    public async Task<bool> TrySendAsync(byte[] bytes)
    {
        try
        {
            await stream.WriteAsync(bytes).AsTask().WaitAsync(Broken.After);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>A request's head; the blank line is added.</summary>
    public static string Head(string requestLine, params string[] headers) =>
        $"{requestLine} HTTP/1.1\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n";

    /// <summary>Reads one answer with its body.</summary>
    public async Task<Answer> ReceiveAsync()
    {
        var answer = await ReceiveHeadAsync();
        return answer.Status < 200 ? answer : answer with { Text = Encoding.UTF8.GetString(await BodyAsync(answer.Headers)) };
    }

    /// <summary>Reads one answer that has no body, whatever its head says.</summary>
    public async Task<Answer> ReceiveHeadAsync()
    {
        var status = await LineAsync() ?? throw new IOException("closed without an answer");
        var code = int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await LineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        return new Answer(code, "", headers);
    }

    /// <summary>Whether the other side closes the connection now (a reset counts).</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return !await FillAsync();
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Breaks the connection off, as a machine that dies does: no polite end.</summary>
    public void Reset() => client.Client.Close(timeout: 0);

    public void Dispose() => client.Dispose();

    private async Task<byte[]> BodyAsync(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out var length)) return await BytesAsync(int.Parse(length, CultureInfo.InvariantCulture));
        if (!headers.ContainsKey("Transfer-Encoding")) return [];
        using var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse((await LineAsync())!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await BytesAsync(size));
            await LineAsync();
            if (size == 0) return body.ToArray();
        }
    }

    private async Task<string?> LineAsync()
    {
        var line = new List<byte>();
        while (true)
        {
            if (start == end && !await FillAsync()) return line.Count == 0 ? null : throw new IOException("closed within a line");
            var b = buffer[start++];
            if (b == '\n') return Encoding.Latin1.GetString(line.ToArray()).TrimEnd('\r');
            line.Add(b);
        }
    }

    private async Task<byte[]> BytesAsync(int count)
    {
        var bytes = new byte[count];
        var got = 0;
        while (got < count)
        {
            if (start == end && !await FillAsync()) throw new IOException("closed within a body");
            var take = Math.Min(count - got, end - start);
            buffer.AsSpan(start, take).CopyTo(bytes.AsSpan(got));
            (start, got) = (start + take, got + take);
        }
        return bytes;
    }

    private async Task<bool> FillAsync()
    {
        using var deadline = new CancellationTokenSource(Broken.After);
        start = 0;
        end = await stream.ReadAsync(buffer, deadline.Token);
        return end > 0;
    }
}
