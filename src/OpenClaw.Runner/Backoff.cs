namespace OpenClaw.Runner;

/// <summary>Pauses that double up to a ceiling; each is drawn from its upper half, so that runners don't come back in step.</summary>
internal sealed class Backoff(TimeSpan ceiling, Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.25);
    private TimeSpan next = Shorter(First, ceiling);

    public TimeSpan Ceiling => ceiling;

    public TimeSpan Next()
    {
        var pause = next * (0.5 + random.NextDouble() / 2);
        next = Shorter(next * 2, ceiling);
        return pause;
    }

    public void Reset() => next = Shorter(First, ceiling);

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
