using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Waits at start for what passes by itself: another broker that is just ending, a port in use, a tailnet that is not up yet.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Tries once a second until it works.</summary>
    /// <param name="say">Told once, when the waiting begins, what for.</param>
    /// <exception cref="StartException">It can't work, or it did not within <see cref="Limit"/>.</exception>
    public static async Task<T> TryAsync<T>(Func<T> attempt, TimeProvider clock, Action<string> say)
    {
        var begin = clock.GetTimestamp();
        var isWaiting = false;
        while (true)
        {
            try
            {
                return attempt();
            }
            catch (StartException e) when (e.ExitCode == ExitCodes.Temporary && clock.GetElapsedTime(begin) < Limit)
            {
                if (!isWaiting) say($"Waiting, for {Limit.TotalSeconds} s at most. {e.Message}");
                isWaiting = true;
            }
            await Task.Delay(Pause, clock);
        }
    }
}
