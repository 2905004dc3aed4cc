namespace OpenClaw.Bot.Discord;

/// <summary>At most so many in a sliding window: of the gateway's 120 sends in 60 s, and of REST's 50 requests a second.</summary>
internal sealed class SendBudget(int most, TimeSpan window, TimeProvider clock)
{
    private readonly Queue<long> sent = new();
    private readonly Lock gate = new();

    /// <summary>Takes one, or says how long it is until there is one.</summary>
    public bool TryTake(out TimeSpan wait)
    {
        lock (gate)
        {
            while (sent.TryPeek(out var oldest) && clock.GetElapsedTime(oldest) >= window) sent.Dequeue();
            wait = sent.Count < most ? TimeSpan.Zero : window - clock.GetElapsedTime(sent.Peek());
            if (wait > TimeSpan.Zero) return false;
            sent.Enqueue(clock.GetTimestamp());
            return true;
        }
    }

    public async Task TakeAsync(CancellationToken stop)
    {
        while (!TryTake(out var wait)) await Task.Delay(wait + TimeSpan.FromMilliseconds(5), clock, stop);
    }
}
