using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OpenClaw.Benchmarks.Load;

/// <summary>
/// One keep-alive connection that sends ready-made bytes and reads just as much of an answer as it must. It blocks its
/// thread: on a machine that client and broker share, that costs the least processor time.
/// </summary>
internal sealed class HttpLane : IDisposable
{
    private readonly Socket socket;
    private byte[] buffer = new byte[16384];
    private int end;

    public HttpLane(Uri url)
    {
        socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(url.Host, url.Port);
    }

    /// <summary>The last answer's status.</summary>
    public int Status { get; private set; }

    /// <summary>The last answer's body, good until the next exchange.</summary>
    public ReadOnlySpan<byte> Body => buffer.AsSpan(bodyStart, bodyLength);

    private int bodyStart, bodyLength;

    public static byte[] Request(string method, string path, string body, params string[] headers)
    {
        var text = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: broker\r\n");
        foreach (var header in headers) text.Append(header).Append("\r\n");
        if (method == "POST") text.Append(CultureInfo.InvariantCulture,
            $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString());
    }

    /// <summary>Sends a request and reads its answer.</summary>
    public int Exchange(ReadOnlySpan<byte> request)
    {
        Send(request);
        Receive();
        return Status;
    }

    /// <summary>Sends a request whose answer nobody waits for.</summary>
    public void Send(ReadOnlySpan<byte> request)
    {
        while (request.Length > 0) request = request[socket.Send(request)..];
    }

    public void Dispose() => socket.Dispose();

    private void Receive()
    {
        end = 0;
        int headerEnd;
        while ((headerEnd = buffer.AsSpan(0, end).IndexOf("\r\n\r\n"u8)) < 0) Fill();
        var head = buffer.AsSpan(0, headerEnd + 2);
        Status = Number(head[9..]);
        bodyStart = headerEnd + 4;
        var length = ValueOf(head, "content-length:"u8);
        if (length >= 0)
        {
            bodyLength = length;
            while (end < bodyStart + bodyLength) Fill();
        }
        else
        {
            ReceiveChunks();
        }
    }

    /// <summary>Joins the chunks in place, from the body's start on.</summary>
    private void ReceiveChunks()
    {
        bodyLength = 0;
        var next = bodyStart;
        while (true)
        {
            int line;
            while ((line = buffer.AsSpan(next, end - next).IndexOf("\r\n"u8)) < 0) Fill();
            var size = Number(buffer.AsSpan(next, line), 'x');
            next += line + 2;
            while (end < next + size + 2) Fill();
            buffer.AsSpan(next, size).CopyTo(buffer.AsSpan(bodyStart + bodyLength));
            bodyLength += size;
            next += size + 2;
            if (size == 0) return;
        }
    }

    private void Fill()
    {
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        var got = socket.Receive(buffer.AsSpan(end));
        if (got == 0) throw new IOException("the broker closed the connection");
        end += got;
    }

    private static int Number(ReadOnlySpan<byte> text, char format = 'd') =>
        Utf8Parser.TryParse(text, out int number, out _, format) ? number : throw new IOException("the answer is no HTTP/1.1");

    /// <summary>A header's number; -1 where it is not there.</summary>
    private static int ValueOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        while (head.Length > 0)
        {
            var line = head[..head.IndexOf("\r\n"u8)];
            if (line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name))
            {
                return Number(line[name.Length..].TrimStart((byte)' '));
            }
            head = head[(line.Length + 2)..];
        }
        return -1;
    }
}
