using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Work;

/// <summary>
/// Sends what a job writes while it writes it. Each piece has a number, so that one that is sent again after a lost answer is had once. What the
/// broker does not take as fast as it comes waits here; of more than a megabyte the oldest is left out, and a piece says so.
/// </summary>
internal sealed class JobStream(BrokerClient broker, ClaimedJob job, RunnerLog log, TimeProvider clock) : IJobOutput
{
    // Characters: of all that waits, of one piece, of one call.
    private const int MostWaiting = 1 << 20, MostOfPiece = 32 << 10, MostOfCall = 100 << 10;

    /// <summary>Pieces of one call, whatever their length.</summary>
    private const int MostPieces = 500;

    /// <summary>What comes within so much time goes together.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly LinkedList<Piece> waiting = [];
    private readonly Backoff backoff = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5), Random.Shared.NextDouble);
    private TaskCompletionSource something = NewSignal();
    private TaskCompletionSource reported = NewSignal();
    private long waitingLength;
    private long leftOut;
    private long lastN;
    private bool isOver;

    /// <summary>How far the job is, as it said last; null where it never did.</summary>
    public HeartbeatBody? Progress { get; private set; }

    /// <summary>Completes when the job says how far it is.</summary>
    public Task Reported
    {
        get
        {
            lock (gate) return reported.Task;
        }
    }

    public void Write(OutputStream stream, string text)
    {
        var type = stream == OutputStream.Output ? ChunkTypes.Output : ChunkTypes.Error;
        lock (gate)
        {
            for (var start = 0; start < text.Length;)
            {
                if (waiting.Last?.Value is not { Metadata: null } last || last.Type != type || last.Text.Length >= MostOfPiece)
                {
                    last = waiting.AddLast(new Piece(type)).Value;
                    waitingLength += last.Length;
                }
                var end = Math.Min(text.Length, start + Math.Max(1, MostOfPiece - last.Text.Length));
                if (end < text.Length && char.IsHighSurrogate(text[end - 1])) end++;
                last.Text.Append(text, start, end - start);
                waitingLength += end - start;
                start = end;
            }
            Limit();
        }
    }

    public void Report(int percent, string? message)
    {
        var metadata = Json(string.Create(CultureInfo.InvariantCulture, $$"""{"percent":{{percent}}}"""));
        lock (gate)
        {
            Progress = new HeartbeatBody(percent, Shorten(message));
            reported.TrySetResult();
            reported = NewSignal();
            if (waiting.Last?.Value.Type == ChunkTypes.Progress) RemoveLast(); // only the newest counts
            Add(ChunkTypes.Progress, message, metadata);
        }
    }

    public void Chunk(string type, string? content, JsonElement? metadata)
    {
        lock (gate) Add(type, content, metadata);
    }

    /// <summary>Sends until the job is over and all is sent, or the broker refuses.</summary>
    /// <param name="over">Cancelled when nothing more comes.</param>
    /// <param name="giveUp">Cancelled when what is left has to stay.</param>
    public async Task SendAsync(CancellationToken over, CancellationToken giveUp)
    {
        try
        {
            while (await TakeAsync(over, giveUp) is { Count: > 0 } chunks) await SendAsync(chunks, giveUp);
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            if (e is BrokerException) log.StreamRefused(job.Id, BrokerContact.Describe(e));
            else if (giveUp.IsCancellationRequested) log.StreamCut(job.Id);
        }
        lock (gate)
        {
            isOver = true;
            waiting.Clear();
        }
    }

    private async Task<List<ChunkBody>?> TakeAsync(CancellationToken over, CancellationToken giveUp)
    {
        while (true)
        {
            Task signal;
            lock (gate)
            {
                signal = something.Task;
                if (waiting.Count > 0) break;
                if (over.IsCancellationRequested) return null;
            }
            await signal.WaitAsync(over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.Delay(Linger, clock, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        giveUp.ThrowIfCancellationRequested();
        lock (gate) return Take();
    }

    private List<ChunkBody> Take()
    {
        var chunks = new List<ChunkBody>();
        if (leftOut > 0)
        {
            chunks.Add(new ChunkBody(++lastN, ChunkTypes.Message,
                string.Create(CultureInfo.InvariantCulture, $"[{leftOut} characters were left out here: they came faster than the broker took them]"),
                Json(string.Create(CultureInfo.InvariantCulture, $$"""{"left_out":{{leftOut}}}"""))));
            leftOut = 0;
        }
        var length = 0;
        while (waiting.First?.Value is { } piece && chunks.Count < MostPieces && (length == 0 || length + piece.Length <= MostOfCall))
        {
            chunks.Add(new ChunkBody(++lastN, piece.Type, piece.Content, piece.Metadata));
            length += piece.Length;
            waitingLength -= piece.Length;
            waiting.RemoveFirst();
        }
        return chunks;
    }

    /// <summary>Sends the same pieces again until there is an answer.</summary>
    private async Task SendAsync(List<ChunkBody> chunks, CancellationToken giveUp)
    {
        while (true)
        {
            try
            {
                await broker.SendChunksAsync(job.Id, job.LeaseToken, chunks, giveUp);
                backoff.Reset();
                return;
            }
            catch (BrokerException e) when (e.IsPassing)
            {
                await Task.Delay(e.RetryAfter ?? backoff.Next(), clock, giveUp);
            }
        }
    }

    /// <summary>To be called within the gate.</summary>
    private void Add(string type, string? content, JsonElement? metadata)
    {
        var piece = new Piece(type) { Metadata = metadata, HasText = content is not null };
        piece.Text.Append(content);
        waiting.AddLast(piece);
        waitingLength += piece.Length;
        Limit();
    }

    /// <summary>To be called within the gate after something came: leaves out the oldest of too much.</summary>
    private void Limit()
    {
        if (isOver)
        {
            waiting.Clear();
            return;
        }
        while (waitingLength > MostWaiting)
        {
            var oldest = waiting.First!.Value;
            leftOut += oldest.Text.Length;
            waitingLength -= oldest.Length;
            waiting.RemoveFirst();
        }
        something.TrySetResult();
        something = NewSignal();
    }

    private void RemoveLast()
    {
        waitingLength -= waiting.Last!.Value.Length;
        waiting.RemoveLast();
    }

    private static string? Shorten(string? message) => message?.Length > 300 ? VisibleBeginning(message) : message;

    private static string VisibleBeginning(string message) => message[..(char.IsHighSurrogate(message[299]) ? 299 : 300)] + "…";

    private static JsonElement Json(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Piece(string type)
    {
        /// <summary>Counted for a piece however short it is.</summary>
        private const int Overhead = 64;

        public string Type => type;

        public StringBuilder Text { get; } = new();

        public bool HasText { get; init; } = true;

        public JsonElement? Metadata { get; init; }

        public string? Content => HasText ? Text.ToString() : null;

        public int Length => Text.Length + Overhead;
    }
}
