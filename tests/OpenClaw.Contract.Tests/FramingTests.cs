using System.IO.Compression;
using System.Text;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>What one reader may take for one request and another for two is refused, and its connection is closed.</summary>
public class FramingTests(TestedBroker broker) : ContractTest(broker)
{
    private const string Body = """{"command":"ping","payload":"x"}""";

    public static TheoryData<string, string> Ambiguous { get; } = new()
    {
        { "length, then chunks", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nContent-Length: 32\r\n" +
            "Transfer-Encoding: chunked\r\n\r\n20\r\n{body}\r\n0\r\n\r\n" },
        { "chunks, then length", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n" +
            "Content-Length: 5\r\n\r\n20\r\n{body}\r\n0\r\n\r\n" },
        { "two lengths", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nContent-Length: 32\r\nContent-Length: 5\r\n\r\n{body}" },
        { "the same length twice", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nContent-Length: 32\r\nContent-Length: 32\r\n\r\n{body}" },
        { "list of lengths", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nContent-Length: 32, 32\r\n\r\n{body}" },
        { "length with a sign", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nContent-Length: +32\r\n\r\n{body}" },
        { "length below zero", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nContent-Length: -1\r\n\r\n{body}" },
        { "line feeds alone", "GET /jobs HTTP/1.1\nHost: x\n{bot}\n\n" },
        { "line feed after the request line", "GET /jobs HTTP/1.1\nHost: x\r\n{bot}\r\n\r\n" },
        { "line feed after a header", "GET /jobs HTTP/1.1\r\nHost: x\n{bot}\r\n\r\n" },
        { "line feed at the end", "GET /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\n\n" },
        { "carriage return alone", "GET /jobs HTTP/1.1\r\nHost: x\rX-A: y\r\n{bot}\r\n\r\n" },
        { "folded header", "GET /jobs HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n{bot}\r\n\r\n" },
        { "folded with a tab", "GET /jobs HTTP/1.1\r\nHost: x\r\nX-A: a\r\n\tb\r\n{bot}\r\n\r\n" },
        { "two hosts", "GET /jobs HTTP/1.1\r\nHost: x\r\nHost: y\r\n{bot}\r\n\r\n" },
        { "no host", "GET /jobs HTTP/1.1\r\n{bot}\r\n\r\n" },
        { "blank before the colon", "GET /jobs HTTP/1.1\r\nHost: x\r\nX-A : a\r\n{bot}\r\n\r\n" },
        { "NUL in a header", "GET /jobs HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n{bot}\r\n\r\n" },
        { "line feed after a chunk's length", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n20\n{body}\r\n0\r\n\r\n" },
        { "chunk's length with a sign", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n+20\r\n{body}\r\n0\r\n\r\n" },
        { "chunk's length as in C", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n0x20\r\n{body}\r\n0\r\n\r\n" },
        { "no chunk's length", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n\r\n{body}\r\n0\r\n\r\n" },
        { "blank before a chunk's length", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n 20\r\n{body}\r\n0\r\n\r\n" },
        { "chunk longer than it says", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n{body}\r\n0\r\n\r\n" },
        { "chunk shorter than it says", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n21\r\n{body}\r\n0\r\n\r\n" },
        { "NUL in a trailer", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{body}\r\n0\r\nX-A: a\0b\r\n\r\n" },
        { "line feed in a chunk's extension", "POST /jobs HTTP/1.1\r\nHost: x\r\n{bot}\r\nTransfer-Encoding: chunked\r\n\r\n20;a\nb\r\n{body}\r\n0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Ambiguous))]
    public async Task AmbiguousRequestIsRefusedAndItsConnectionClosed(string name, string request)
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(request.Replace("{bot}", Api.Bot, StringComparison.Ordinal).Replace("{body}", Body, StringComparison.Ordinal));
        var answer = await connection.ReceiveAsync();
        Assert.True(answer.Status == 400, $"{name}: {answer}");
        Assert.True(await connection.IsClosedAsync(), name);
        Assert.Null((await Api.ClaimAsync()).Job);
    }

    /// <summary>What may stand around the chunks changes neither the body nor where it ends: the next request is the next.</summary>
    [Theory]
    [InlineData("20;a=b\r\n{body}\r\n0\r\n\r\n")]
    [InlineData("20;a=\"0\";b\r\n{body}\r\n0;last\r\n\r\n")]
    [InlineData("00000020\r\n{body}\r\n000\r\n\r\n")]
    [InlineData("20\r\n{body}\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\nX-Bot-Token: wrong\r\n\r\n")]
    public async Task ChunksExtensionsAndTrailersSayNothing(string chunks)
    {
        using var connection = await ConnectAsync();
        var head = RawConnection.Head("POST /jobs", "Host: x", Api.Bot, "Content-Type: application/json", "Transfer-Encoding: chunked");
        await connection.SendAsync(head + chunks.Replace("{body}", Body, StringComparison.Ordinal) + RawConnection.Head("GET /health", "Host: x"));
        (await connection.ReceiveAsync()).Is(200);
        Assert.Contains("\"ok\":true", (await connection.ReceiveAsync()).Is(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatFollowsTheAnnouncedLengthIsTheNextRequest()
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(RawConnection.Head("POST /jobs", "Host: x", Api.Bot, $"Content-Length: {Body.Length}") + Body + Body + "\r\n\r\n");
        (await connection.ReceiveAsync()).Is(200);
        (await connection.ReceiveAsync()).Is(400);
        Assert.True(await connection.IsClosedAsync());
    }

    [Theory]
    [InlineData(64, 200)]
    [InlineData(65, 431)]
    public async Task AtMost64Headers(int count, int status)
    {
        string[] headers = ["Host: x", Api.Bot, .. Enumerable.Range(0, count - 2).Select(i => $"X-{i}: a")];
        (await SendRawAsync(RawConnection.Head("GET /jobs", headers))).Is(status);
    }

    [Theory]
    [InlineData(30_000, 200)]
    [InlineData(33_000, 431)]
    public async Task HeadersHaveAtMost32KiB(int length, int status) =>
        (await SendRawAsync(RawConnection.Head("GET /jobs", "Host: x", Api.Bot, "X-Filler: " + new string('a', length)))).Is(status);

    [Theory]
    [InlineData(8_000, 200)]
    [InlineData(8_300, 414)]
    public async Task RequestLineHasAtMost8KiB(int length, int status) =>
        (await SendRawAsync(RawConnection.Head($"GET /jobs?x={new string('a', length)}", "Host: x", Api.Bot))).Is(status);

    /// <summary>Ten megabytes of blanks in ten kilobytes: what is compressed is not unpacked.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("identity, gzip")]
    [InlineData("x-anything")]
    public async Task CompressedBodiesAreNotRead(string encoding)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) zip.Write(Encoding.ASCII.GetBytes(Body.PadRight(10 << 20)));
        var id = await Api.NewJobAsync();
        foreach (var path in (string[])["/jobs", $"/jobs/{id}/cancel", $"/jobs/{id}/result", $"/jobs/{id}/heartbeat", "/queues/default/pause"])
        {
            var head = RawConnection.Head($"POST {path}", "Host: x", Api.Bot, Api.Worker, $"Content-Encoding: {encoding}", $"Content-Length: {packed.Length}");
            (await SendRawAsync(head, packed.ToArray())).IsRefused(415);
        }
        Assert.Equal("queued", (await Api.JobAsync(id)).Text("state"));
    }
}
