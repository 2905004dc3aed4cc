using System.Globalization;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>What jobs write.</summary>
public sealed partial class BrokerClient
{
    /// <summary>The broker writes something every 15 s, if only that nothing has come.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    /// <summary>Sends pieces of what a job writes, in one commit; again, they are had once.</summary>
    /// <exception cref="BrokerException">409 <c>chunk_gap</c>: a piece before them is missing; <c>lease_lost</c>: the job is another's.</exception>
    public Task<ChunksAnswer> SendChunksAsync(string id, string? leaseToken, IReadOnlyList<ChunkBody> chunks, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/chunks"), WireJson.Default.ChunksAnswer, stop, request =>
        {
            AddWorker(request, leaseToken);
            request.Content = JsonContent.Create(new ChunksBody(chunks), WireJson.Default.ChunksBody);
        });

    /// <summary>A page of what a job wrote and is still kept, in its order; empty behind the last.</summary>
    /// <param name="after">The id of the piece that was had last; 0 for all.</param>
    public Task<ChunkPage> ListChunksAsync(string id, long after = 0, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Job(id, string.Create(CultureInfo.InvariantCulture, $"/chunks?after_id={after}&limit=500")), WireJson.Default.ChunkPage,
            stop, AddBot);

    /// <summary>Follows what a job writes until it has ended, or the connection has.</summary>
    /// <param name="after">The id of the piece that was had last; 0 for all.</param>
    public async IAsyncEnumerable<StreamEvent> FollowAsync(string id, long after = 0, [EnumeratorCancellation] CancellationToken stop = default)
    {
        using var quiet = new CancellationTokenSource(LongestSilence, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, quiet.Token);
        var path = Job(id, string.Create(CultureInfo.InvariantCulture, $"/stream?events=1&last_event_id={after}"));
        using var response = await OpenAsync(path, stop, either.Token);
        await using var body = new Watched(await response.Content.ReadAsStreamAsync(either.Token), () => quiet.CancelAfter(LongestSilence));
        await using var events = SseParser.Create(body, Parse).EnumerateAsync(either.Token).GetAsyncEnumerator(either.Token);
        while (await NextAsync(events, stop)) yield return events.Current.Data;
    }

    private async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken stop, CancellationToken either)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        AddBot(request);
        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either);
            if (response.IsSuccessStatusCode) return response;
            await BrokerAnswer.ReadAsync(response, WireJson.Default.Problem, clock.GetUtcNow(), either);
            throw new InvalidOperationException("a refusal is an exception");
        }
        catch (Exception e) when (Translate(e, stop) is { } translated)
        {
            response?.Dispose();
            throw translated;
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<StreamEvent>> events, CancellationToken stop)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (Translate(e, stop) is { } translated)
        {
            throw translated;
        }
    }

    private static BrokerException? Translate(Exception e, CancellationToken stop) => e switch
    {
        OperationCanceledException => stop.IsCancellationRequested ? null : BrokerException.TooSlow(LongestSilence),
        HttpRequestException cause => BrokerException.Away(cause),
        SocketException cause => BrokerException.Away(cause),
        IOException cause => BrokerException.AnswerBroken(cause),
        JsonException => BrokerException.AnswerBroken(new IOException($"an event of the stream can't be read: {e.Message}", e)),
        _ => null,
    };

    private static StreamEvent Parse(string name, ReadOnlySpan<byte> data) =>
        (JsonSerializer.Deserialize(data, WireJson.Default.StreamEvent) ?? throw new JsonException("the event is null"))
            with { Name = name == "message" ? null : name };

    /// <summary>A stream whose reader is told of each read that brought something.</summary>
    private sealed class Watched(Stream inner, Action heard) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            heard();
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
