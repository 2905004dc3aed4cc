using System.Collections.Concurrent;
using System.Reflection;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Runner.Commands;

namespace OpenClaw.Runner.Work;

/// <summary>
/// Tells the broker what this runner is, and hears at once which jobs are to stop; heartbeats say that too, later. A broker that knows none of
/// this, such as the Python one, is not asked again.
/// </summary>
internal sealed class Orders(BrokerClient broker, ServedCommands served, Backoff backoff, RunnerLog log, TimeProvider clock)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Action<StopReason>> running = new(StringComparer.Ordinal);

    private volatile IReadOnlyList<string> cancelled = [];

    /// <summary>From now on an order to stop the job reaches it, also one that came a moment ago.</summary>
    public void Add(string job, Action<StopReason> stop)
    {
        running[job] = stop;
        if (cancelled.Contains(job, StringComparer.Ordinal)) stop(StopReason.Cancelled);
    }

    public void Remove(string job) => running.TryRemove(job, out _);

    /// <summary>Hears orders until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        CancellationToken? told = null;
        long? after = null;
        while (!stop.IsCancellationRequested)
        {
            var changed = served.Changed;
            try
            {
                if (told != changed && !await TellAsync(stop)) return;
                told = changed;
                using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, changed);
                var orders = await broker.GetOrdersAsync(after, LongPoll, either.Token);
                after = orders.Seq;
                backoff.Reset();
                cancelled = orders.Cancel;
                foreach (var job in cancelled) if (running.TryGetValue(job, out var cancel)) cancel(StopReason.Cancelled);
                continue;
            }
            catch (OperationCanceledException) when (changed.IsCancellationRequested && !stop.IsCancellationRequested)
            {
                continue;
            }
            catch (BrokerException e) when (!e.IsPassing)
            {
                if (e.Status != 404) log.NotTold(BrokerContact.Describe(e));
                return;
            }
            catch (Exception e) when (BrokerContact.IsFailedCall(e))
            {
                // Whoever claims says that the broker is away.
            }
            await Task.Delay(backoff.Next(), clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tells the broker what this runner is; false where it knows nothing of that. A refusal is no reason not to hear it.</summary>
    private async Task<bool> TellAsync(CancellationToken stop)
    {
        try
        {
            await broker.TellAsync(Self(), stop);
            return true;
        }
        catch (BrokerException e) when (!e.IsPassing)
        {
            if (e.Status == 404) return false;
            log.NotTold(BrokerContact.Describe(e));
            return true;
        }
    }

    private WorkerBody Self() => new(typeof(Orders).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
        served.Told);
}
