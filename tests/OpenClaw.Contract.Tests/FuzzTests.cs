using System.Globalization;
using System.Net.Sockets;
using System.Text;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;
using Xunit.Abstractions;

namespace OpenClaw.Contract.Tests;

/// <summary>Mutated requests, as many as <c>OPENCLAW_FUZZ_REQUESTS</c> says (2,000), against a broker of their own.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Lanes = 8;
    private const long MostMemoryKiB = 400 * 1024;

    [Fact]
    public async Task NoMutatedRequestBreaksTheBroker()
    {
        var count = Number("OPENCLAW_FUZZ_REQUESTS", 2000);
        var seed = Number("OPENCLAW_FUZZ_SEED", 1);
        output.WriteLine($"{count} requests, seed {seed}");
        await using var broker = await OwnBroker.StartAsync(leaseSeconds: 2);
        var process = broker.Process.Program.Process;
        var id = await broker.Api.NewJobAsync();
        var lanes = Enumerable.Range(0, Lanes).Select(n => new Lane(broker.Api, id, (seed * Lanes) + n)).ToList();
        await Task.WhenAll(lanes.Select(l => Task.Run(() => l.RunAsync(count / Lanes))));
        foreach (var (status, answers) in lanes.SelectMany(static l => l.Statuses).GroupBy(static s => s.Key).OrderBy(static g => g.Key)
            .Select(static g => (g.Key, g.Sum(static s => s.Value)))) output.WriteLine($"{(status == 0 ? "closed" : status)}: {answers}");
        Assert.NotEqual(0, lanes.Sum(static l => l.AnsweredAfterChunks));
        Assert.False(process.HasExited, broker.Process.Program.Output);
        Assert.Equal(200, (await broker.Api.GetAsync("/health")).Status);
        var fresh = await broker.Api.NewJobAsync("ping", "after all that");
        Assert.Equal("after all that", (await broker.Api.JobAsync(fresh)).Text("payload"));
        var memory = MemoryKiB(process.Id);
        output.WriteLine($"{memory / 1024} MiB at most");
        Assert.InRange(memory, 1, MostMemoryKiB);
        Assert.Equal(0, await broker.Process.Program.StopAsync());
        string[] faults = [.. broker.Process.Program.Output.Split('\n').Where(static l => l.Contains(" error ", StringComparison.Ordinal)
            || l.Contains(" fatal ", StringComparison.Ordinal))];
        Assert.True(faults.Length == 0, string.Join('\n', faults));
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <summary>The most that the process ever held.</summary>
    private static long MemoryKiB(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>One client after the other, each with a connection that it keeps for as long as the broker lets it.</summary>
    private sealed class Lane(Api api, string id, int seed)
    {
        private static readonly string[] Paths =
        [
            "/health", "/health/ready", "/jobs", "/jobs?limit=2", "/jobs?state=done,failed", "/jobs?command=x&worker=w&cursor=0100000000000000", "/jobs/next",
            "/jobs/next?wait=0", "/jobs/{id}", "/jobs/{id}?wait=0", "/jobs/{id}/cancel", "/jobs/{id}/result", "/jobs/{id}/fail", "/jobs/{id}/heartbeat",
            "/jobs/{id}/release", "/queues", "/queues/default/resume", "/queues/other/pause", "/nothing", "/",
        ];

        private static readonly string[] Methods = ["GET", "POST", "POST", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "", "\u00e9"];

        private static readonly string[] Bodies =
        [
            """{"command":"ping","payload":"x"}""", """{"command":"ping","payload":"x","requires":{"caps":["gpu"]},"queue":"other"}""", """{"result":"r"}""",
            """{"error":"e"}""", """{"reason":"why"}""", "{}", "",
        ];

        private static readonly string[] Pieces =
        [
            "\0", "\r\n", "\n", "\r", "\"", "\\", "{", "}", "[", "]", ":", ",", "\\ud800", "\\u0000", "\ufeff", "1e999", "-1",
            "null", "true", "NaN", "'; --", "%00",
            "%2e%2e/", "%", "?", "#", "&&", "\u2028", "\u202e", "😀", " ", "\t", ";", "99999999999999999999", "[[[[[[[[", "{\"a\":", "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n", "Host: y\r\n", "Expect: 100-continue\r\n", "Connection: close\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n",
        ];

        private static readonly string[] Extras =
        [
            "X-Worker-Id: w", "X-Worker-Id: \u00fc", "X-Claim-Id: c", "X-Lease-Token: t", "X-Lease-Token: t\r\nX-Lease-Token: u", "Idempotency-Key: k",
            "X-Worker-Caps: gpu", "X-Worker-Caps: [\"gpu\"", "X-Worker-Queues: default,other", "X-Worker-Queues: _,,", "Content-Encoding: gzip",
            "Content-Type: text/plain", "Accept: application/problem+json", "Expect: 100-continue", "Connection: close",
            "Content-Type: application/json;charset=x",
            "Cookie: a=b", "Range: bytes=0-1", "If-Match: 1", "X-HTTP-Method-Override: DELETE",
        ];

        /// <summary>A chunk's length in forms that mean it, the first three, and in others.</summary>
        private static readonly string[] ChunkLengths =
        [
            "{0:x}", "{0:X8}", "{0:x};a=b;c=\"\\\"d\"", "+{0:x}", "-{0:x}", "0x{0:x}", " {0:x}", "{0:x} ", "{0:x};\n", "{0:x}\n", "", "g", "{0:x}00",
            "1{0:x}", "fffffff{0:x}", "ffffffffffffffff{0:x}", "{0:x},{0:x}", "{0:x}\0", "{0:x};\u00e9", "0",
        ];

        private static readonly string[] Trailers =
        [
            "", "X-Sum: 1\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: y\r\n", "X-Sum\r\n", ": 1\r\n", "X-Sum : 1\r\n", " folded\r\n",
            "X-Sum: \0\r\n", "X-Sum: 1\n",
        ];

        private readonly Random random = new(seed);
        private TcpClient? client;
        private bool isAfterChunks;

        /// <summary>How many requests were answered on a connection that had just brought a whole body in chunks.</summary>
        public int AnsweredAfterChunks { get; private set; }

        public Dictionary<int, int> Statuses { get; } = [];

        public async Task RunAsync(int count)
        {
            for (var n = 0; n < count; n++)
            {
                var (request, hasWholeChunks) = Request();
                try
                {
                    var wasAfterChunks = isAfterChunks;
                    var status = await AskAsync(request, hasWholeChunks);
                    if (wasAfterChunks && status != 0) AnsweredAfterChunks++;
                    isAfterChunks = hasWholeChunks && client is not null;
                    Statuses[status] = Statuses.GetValueOrDefault(status) + 1;
                    Assert.True(status is not (500 or 502 or 504), $"{status} for request {n} of seed {seed}: {Encoding.Latin1.GetString(request)}");
                }
                catch (TimeoutException)
                {
                    Assert.Fail($"no answer to request {n} of seed {seed}: {Encoding.Latin1.GetString(request)}");
                }
            }
            client?.Dispose();
        }

        /// <summary>A request out of the grammar, with some mutations of its parts and some of its bytes; and whether it has a whole body in chunks.</summary>
        private (byte[] Bytes, bool HasWholeChunks) Request()
        {
            var path = Mutate(Pick(Paths).Replace("{id}", random.Next(4) == 0 ? Guid.NewGuid().ToString() : id, StringComparison.Ordinal), 6);
            var body = Encoding.UTF8.GetBytes(Mutate(Pick(Bodies), 2));
            if (random.Next(200) == 0) body = [.. body, .. new byte[random.Next(40_000)]];
            var head = new StringBuilder($"{(random.Next(8) == 0 ? Pick(Methods) : body.Length > 0 ? "POST" : "GET")} {path} HTTP/1.1\r\nHost: x\r\n");
            var tokens = random.Next(100);
            if (tokens != 0) head.Append(api.Bot).Append("\r\n").Append(api.Worker).Append("\r\n");
            for (var n = random.Next(3); n > 0; n--) head.Append(Pick(Extras)).Append("\r\n");
            var isChunked = random.Next(4) == 0;
            if (isChunked) head.Append("Transfer-Encoding: chunked\r\n");
            else if (body.Length > 0) head.Append("Content-Length: ").Append(body.Length + (random.Next(60) == 0 ? random.Next(-5, 5) : 0)).Append("\r\n");
            var isWhole = isChunked;
            if (isChunked) body = Chunks(body, out isWhole);
            byte[] request = [.. Encoding.UTF8.GetBytes($"{head}\r\n"), .. body];
            return random.Next(6) == 0 ? (MutateBytes(request), false) : (request, isWhole);
        }

        /// <summary>A body in chunks; half of them with something odd about lengths, extensions, trailers, line ends or the end.</summary>
        private byte[] Chunks(byte[] body, out bool isWhole)
        {
            isWhole = random.Next(2) == 0;
            var chunks = new List<byte>();
            for (var at = 0; at < body.Length;)
            {
                var length = random.Next(1, body.Length - at + 1);
                var form = ChunkLengths[random.Next(isWhole || random.Next(8) != 0 ? 3 : ChunkLengths.Length)];
                chunks.AddRange(Encoding.UTF8.GetBytes(string.Format(CultureInfo.InvariantCulture, form, length)));
                if (!isWhole && random.Next(16) == 0) chunks.AddRange(Encoding.UTF8.GetBytes($";{Mutate(new string('x', random.Next(20_000)), 2)}"));
                chunks.AddRange([.. "\r\n"u8, .. body.AsSpan(at, length)]);
                if (isWhole || random.Next(16) != 0) chunks.AddRange("\r\n"u8);
                at += length;
            }
            var trailer = Trailers[random.Next(isWhole ? 3 : Trailers.Length)];
            chunks.AddRange(Encoding.UTF8.GetBytes($"0\r\n{string.Concat(Enumerable.Repeat(trailer, random.Next(3)))}\r\n"));
            if (!isWhole && random.Next(3) == 0) chunks.RemoveRange(random.Next(chunks.Count), 1);
            return [.. isWhole || random.Next(3) != 0 ? chunks : chunks[..random.Next(chunks.Count)]];
        }

        private string Mutate(string text, int oneIn)
        {
            while (random.Next(oneIn) == 0)
            {
                var (at, length) = (random.Next(text.Length + 1), random.Next(6));
                text = random.Next(4) switch
                {
                    0 => text.Insert(at, Pick(Pieces)),
                    1 => text.Remove(Math.Min(at, text.Length), Math.Min(length, text.Length - at)),
                    2 => text.Insert(at, text[..Math.Min(text.Length, 300)]),
                    _ => text[..at] + Pick(Pieces) + text[Math.Min(text.Length, at + length)..],
                };
            }
            return text;
        }

        private byte[] MutateBytes(byte[] request)
        {
            var bytes = request.ToList();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveAt(at); break;
                    case 2: bytes.Insert(at, (byte)random.Next(256)); break;
                    default: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(Pieces))); break;
                }
            }
            return [.. bytes];
        }

        /// <summary>Sends it, says that no more comes where the broker might wait for more, and reads the first answer.</summary>
        /// <returns>Its status; 0 where the connection was closed without one.</returns>
        private async Task<int> AskAsync(byte[] request, bool hasWholeChunks)
        {
            var patience = TimeSpan.FromSeconds(60);
            var buffer = new byte[16 * 1024];
            try
            {
                if (client is null)
                {
                    client = new TcpClient { NoDelay = true };
                    await client.ConnectAsync(api.Url.Host, api.Url.Port);
                }
                var stream = client.GetStream();
                await stream.WriteAsync(request).AsTask().WaitAsync(patience);
                var isWhole = IsSurelyWhole(request, hasWholeChunks);
                if (!isWhole) client.Client.Shutdown(SocketShutdown.Send);
                var length = 0;
                while (true)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(length)).AsTask().WaitAsync(patience);
                    if (read == 0) break;
                    length += read;
                    if (isWhole && IsWholeAnswer(buffer.AsSpan(0, length)) || length == buffer.Length) break;
                }
                var status = Status(buffer.AsSpan(0, length));
                if (!isWhole || length is 0 or 16 * 1024 || !IsPlain(buffer.AsSpan(0, length))) Close();
                return status;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                Close();
                return 0;
            }
        }

        private void Close()
        {
            client?.Dispose();
            client = null;
        }

        /// <summary>Whether the broker surely takes it for one whole request, so that the connection can be kept.</summary>
        private static bool IsSurelyWhole(byte[] request, bool hasWholeChunks)
        {
            var text = Encoding.Latin1.GetString(request);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0 || text.Contains("Expect", StringComparison.OrdinalIgnoreCase) || text.Contains("pgrade", StringComparison.Ordinal)
                || text.Contains("onnection", StringComparison.Ordinal) || text.StartsWith("HEAD", StringComparison.Ordinal)) return false;
            if (hasWholeChunks) return text.AsSpan(0, end).Count("hunked") == 1 && !text.AsSpan(0, end).Contains("Content-Length", StringComparison.Ordinal);
            if (text.Contains("hunked", StringComparison.Ordinal)) return false;
            var lengths = text[..end].Split("\r\n").Where(static l => l.StartsWith("Content-Length: ", StringComparison.Ordinal)).ToList();
            return lengths.Count <= 1 && text.Length - end - 4 == (lengths.Count == 0 ? 0 : int.TryParse(lengths[0]["Content-Length: ".Length..],
                NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : -1);
        }

        private static bool IsPlain(ReadOnlySpan<byte> answer) =>
            answer.StartsWith("HTTP/1.1 2"u8) || answer.StartsWith("HTTP/1.1 401"u8) || answer.StartsWith("HTTP/1.1 404"u8) || answer.StartsWith("HTTP/1.1 4"u8)
                && answer.IndexOf("Connection: close"u8) < 0;

        private static bool IsWholeAnswer(ReadOnlySpan<byte> answer)
        {
            var head = answer.IndexOf("\r\n\r\n"u8);
            if (head < 0) return false;
            var name = "Content-Length: "u8;
            var at = answer[..head].IndexOf(name);
            if (at < 0) return false;
            var digits = answer[(at + name.Length)..];
            digits = digits[..digits.IndexOf((byte)'\r')];
            return answer.Length >= head + 4 + int.Parse(digits, CultureInfo.InvariantCulture);
        }

        private static int Status(ReadOnlySpan<byte> answer) =>
            answer.Length > 12 && answer.StartsWith("HTTP/1.1 "u8) ? int.Parse(answer[9..12], CultureInfo.InvariantCulture) : 0;

        private string Pick(string[] from) => from[random.Next(from.Length)];
    }
}
