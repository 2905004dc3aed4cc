using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>A broker process that is killed and started again while clients use it.</summary>
internal sealed class BrokerUnderFire(BrokerProcess process, Recorder recorder)
{
    private volatile TaskCompletionSource up = Opened();

    public BrokerProcess Process => process;

    /// <summary>Completes when the broker answers; clients that lost it wait here.</summary>
    public Task Up => up.Task;

    public async Task KillAndStartAsync()
    {
        up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await process.Program.KillAsync();
        recorder.Mark(Operation.Kill);
        await process.StartAgainAsync();
        recorder.Mark(Operation.Start);
        up.SetResult();
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
