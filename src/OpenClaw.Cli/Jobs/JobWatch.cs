using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Cli.Jobs;

/// <summary>Waits for a job's end and shows how it goes.</summary>
internal sealed class JobWatch(BrokerClient broker, Messages messages, TimeProvider clock)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long the broker may be away before the wait ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The job when it has ended. A broker that goes away for a while, for a restart perhaps, is waited for.</summary>
    public async Task<JobView> UntilEndedAsync(string id, CancellationToken stop)
    {
        var started = clock.GetTimestamp();
        var heard = started;
        while (true)
        {
            var asked = clock.GetTimestamp();
            try
            {
                var job = await broker.GetAsync(id, LongPoll, stop);
                heard = clock.GetTimestamp();
                if (JobStatuses.IsFinal(job.Status))
                {
                    messages.StepOver();
                    return job;
                }
                Show(job.WorkerId is { } worker ? $"{JobText.State(job)} on {worker}" : JobText.State(job));
                if (clock.GetElapsedTime(asked) >= Pause) continue;
            }
            catch (BrokerException e) when (e.IsPassing && clock.GetElapsedTime(heard) < Patience)
            {
                Show("the broker does not answer, trying again");
            }
            await Task.Delay(Pause, clock, stop);
        }

        void Show(string what) => messages.Step(string.Create(CultureInfo.InvariantCulture, $"job {id}: {what} ({clock.GetElapsedTime(started).TotalSeconds:0} s)"));
    }
}
