using OpenClaw.Client;

namespace OpenClaw.Cli.Jobs;

/// <summary>Sends again what has a key and may have been lost: the key keeps that from being done twice.</summary>
internal static class Repeat
{
    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> send, Invocation invocation)
    {
        var wasLost = false;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send();
            }
            catch (BrokerException e) when (attempt < Tries && (e.WasLost || (e.IsPassing && (wasLost || !e.NeverArrived))))
            {
                // At the first try a broker that nobody reaches is simply not there.
                wasLost |= e.WasLost;
                invocation.Messages.Step($"{(wasLost ? "the broker's answer was lost" : "the broker can't take it now")} ({e.Message}), asking again");
                await Task.Delay(Pause, TimeProvider.System, invocation.Stop);
            }
        }
    }
}
