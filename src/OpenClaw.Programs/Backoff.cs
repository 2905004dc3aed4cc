namespace OpenClaw.Programs;

/// <summary>
/// Pauses between tries. Their ceiling doubles from <paramref name="first"/> to <paramref name="longest"/>, and each is drawn
/// from the whole span below it ("full jitter"), so that programs that failed together don't come back together.
/// </summary>
/// <param name="chance">Gives numbers from 0 up to 1.</param>
public sealed class Backoff(TimeSpan first, TimeSpan longest, Func<double> chance)
{
    /// <summary>In seconds; what is shorter would be no pause at all.</summary>
    private const double Shortest = 0.001;

    private int tries;

    /// <summary>The longest pause there is.</summary>
    public TimeSpan Longest => longest;

    /// <summary>The pause before the next try.</summary>
    public TimeSpan Next() => Pause(++tries, first, longest, chance());

    /// <summary>A try succeeded: the next pause is a first one again.</summary>
    public void Reset() => tries = 0;

    /// <summary>The pause after so many failures in a row.</summary>
    /// <param name="failures">1 and more.</param>
    /// <param name="chance">From 0 up to 1.</param>
    public static TimeSpan Pause(int failures, TimeSpan first, TimeSpan longest, double chance)
    {
        // A power of two this large is past every ceiling, and far from what a double can't hold.
        const int MostDoublings = 62;
        var ceiling = first.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, MostDoublings));
        return TimeSpan.FromSeconds(Math.Max(Shortest, Math.Min(ceiling, longest.TotalSeconds) * chance));
    }
}
