using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Cli.Jobs;

/// <summary>Waits for a job's end and shows how it goes.</summary>
internal sealed class JobWatch(BrokerClient broker, Talk talk, TimeProvider clock)
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
                var job = await broker.GetAsync(id, LongPoll, stop).ConfigureAwait(false);
                heard = clock.GetTimestamp();
                if (JobStatuses.IsFinal(job.Status))
                {
                    talk.StepOver();
                    return job;
                }
                Show(job.WorkerId is { } worker ? $"{JobText.State(job)} on {JobText.Clean(worker)}" : JobText.State(job));
                if (clock.GetElapsedTime(asked) >= Pause) continue;
            }
            catch (Exception e) when (MayPass(e) && !stop.IsCancellationRequested && clock.GetElapsedTime(heard) < Patience)
            {
                Show("the broker does not answer, trying again");
            }
            await Task.Delay(Pause, clock, stop).ConfigureAwait(false);
        }

        void Show(string what) => talk.Step(string.Create(CultureInfo.InvariantCulture, $"job {id}: {what} ({clock.GetElapsedTime(started).TotalSeconds:0} s)"));
    }

    private static bool MayPass(Exception e) => e is BrokerException { IsPassing: true } || e is not BrokerException && Connection.IsFailedCall(e);
}
