using OpenClaw.Client;

namespace OpenClaw.Runner;

/// <summary>Whether the broker can be reached: said in the log once when that changes, not at every try.</summary>
internal sealed class Reach(Log log, TimeSpan ceiling)
{
    private readonly Lock gate = new();
    private string? trouble;

    /// <summary>Whether an exception of a call means that the call may be worth repeating, or at least not a bug of ours.</summary>
    public static bool IsAway(Exception e) => e is BrokerException or OperationCanceledException;

    /// <summary>What went wrong, and where a person can do something about it, what.</summary>
    public static string Describe(Exception e) => e switch
    {
        BrokerException { Status: 401 } refused => $"401 {refused.Message}: set WORKER_TOKEN to the broker's own",
        BrokerException { Status: >= 300 and < 400 } moved => $"{moved.Status}: redirects are not followed, set BROKER_URL to the broker itself",
        BrokerException { IsAway: true } away => away.Message,
        BrokerException refused => $"{refused.Status} {refused.Message}",
        OperationCanceledException => "no answer in time",
        _ => e.Message,
    };

    public void Answered()
    {
        lock (gate)
        {
            if (trouble is null) return;
            trouble = null;
        }
        log.BrokerBack();
    }

    public void Failed(Exception e)
    {
        var why = Describe(e);
        lock (gate)
        {
            if (trouble == why) return;
            trouble = why;
        }
        log.BrokerAway(why, ceiling);
    }
}
