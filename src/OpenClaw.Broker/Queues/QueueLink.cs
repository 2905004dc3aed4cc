using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// This process's way to one queue: a message at a time, which takes along all news and all who ask since the one before, so
/// a busy queue gets few messages. News that nobody waits for ride along, and leave on their own after 200 ms.
/// </summary>
internal sealed partial class QueueLink(string queue, IQueueGrain grain, QueueLimits limits, Clock clock, ILogger<QueueLink> log)
{
    private const int FullMessage = 256;
    private const int MostNews = 10_000;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(200);

    /// <summary>Who has written something waits no longer than this for a queue that hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly List<JobNews> news = [];
    private List<(Ask Ask, TaskCompletionSource<Offer> Answer)> asks = [];
    private TaskCompletionSource? heard;

    /// <summary>Set when the link closes, completed when nothing is under way any more.</summary>
    private TaskCompletionSource? closed;

    private bool isUnderWay;
    private bool isLate;
    private ITimer? linger;

    /// <summary>Hands news on; completes when the queue knows, or is late. Never fails: the queue finds in the table what it missed.</summary>
    public ValueTask TellAsync(JobNews piece)
    {
        Parcel? parcel = null;
        var waited = Task.CompletedTask;
        lock (gate)
        {
            if (closed is not null) return ValueTask.CompletedTask;
            if (news.Count >= MostNews) return ValueTask.CompletedTask; // the queue has hung for long; it will compare
            news.Add(piece);
            if (piece.IsReady)
            {
                heard ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (!isLate) waited = heard.Task;
                parcel = Pack();
            }
            else if (news.Count >= FullMessage || piece.State != JobState.Running && limits.Has(queue)) // another may start
            {
                parcel = Pack();
            }
            else if (!isUnderWay && news.Count == 1)
            {
                StartLinger();
            }
        }
        if (parcel is not null) _ = DeliverAsync(parcel);
        return new ValueTask(waited);
    }

    public Task<Offer> AskAsync(Ask ask)
    {
        var answer = new TaskCompletionSource<Offer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Parcel? parcel;
        lock (gate)
        {
            if (closed is not null) return Task.FromResult(default(Offer));
            asks.Add((ask, answer));
            parcel = Pack();
        }
        if (parcel is not null) _ = DeliverAsync(parcel);
        return answer.Task;
    }

    /// <summary>From now on nothing is handed on and nothing offered; completes when the message under way has arrived.</summary>
    public Task CloseAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!isUnderWay) closed.TrySetResult();
            heard?.TrySetResult();
            foreach (var (_, answer) in asks) answer.TrySetResult(default);
        }
        return closed.Task.WaitAsync(cancel);
    }

    /// <summary>To be called within the gate: what there is to send; null while a message is under way, which takes it along afterwards.</summary>
    private Parcel? Pack()
    {
        if (isUnderWay || closed is not null || news.Count == 0 && asks.Count == 0) return null;
        isUnderWay = true;
        var asked = asks.Count == 0 ? [] : new Ask[asks.Count];
        for (var i = 0; i < asked.Length; i++) asked[i] = asks[i].Ask;
        var parcel = new Parcel(new QueueMessage([.. news], clock.SteadyNow, asked), asks, heard);
        news.Clear();
        if (asks.Count > 0) asks = [];
        heard = null;
        return parcel;
    }

    private async Task DeliverAsync(Parcel parcel)
    {
        for (var next = parcel; next is not null;)
        {
            await SendAsync(next);
            lock (gate)
            {
                isUnderWay = isLate = false;
                next = Pack();
                if (next is null) closed?.TrySetResult();
            }
        }
    }

    private async Task SendAsync(Parcel parcel)
    {
        try
        {
            var delivery = grain.ObserveAsync(parcel.Message).AsTask();
            if (!delivery.IsCompleted)
            {
                await ((Task)delivery).WaitAsync(Patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!delivery.IsCompleted) BeLate(parcel.Heard);
            }
            var offers = await delivery;
            for (var i = 0; i < offers.Length; i++) parcel.Asked[i].Answer.TrySetResult(offers[i]);
        }
        catch (Exception e)
        {
            if (parcel.Message.News.Length > 0) LogLost(e, parcel.Message.News.Length, queue);
            foreach (var (_, answer) in parcel.Asked) answer.TrySetException(e);
        }
        parcel.Heard?.TrySetResult();
    }

    /// <summary>Nobody waits for a queue that hangs: not who was told of, and not who comes until it answers.</summary>
    private void BeLate(TaskCompletionSource? told)
    {
        told?.TrySetResult();
        lock (gate)
        {
            isLate = true;
            heard?.TrySetResult();
        }
    }

    private void StartLinger()
    {
        if (linger is null) linger = clock.CreateTimer(static link => ((QueueLink)link!).EndLinger(), this, Linger, Timeout.InfiniteTimeSpan);
        else linger.Change(Linger, Timeout.InfiniteTimeSpan);
    }

    private void EndLinger()
    {
        Parcel? parcel;
        lock (gate) parcel = Pack();
        if (parcel is not null) _ = DeliverAsync(parcel);
    }

    /// <summary>A message, and who waits for what it brings.</summary>
    private sealed record Parcel(QueueMessage Message, List<(Ask Ask, TaskCompletionSource<Offer> Answer)> Asked, TaskCompletionSource? Heard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "News of {Count} jobs did not reach queue {Queue}; it finds them in the table within 30 s")]
    private partial void LogLost(Exception e, int count, string queue);
}
