namespace OpenClaw.Runner.Handlers;

/// <summary>Any command without a handler: its name is the answer, a result and no failure.</summary>
internal sealed class Unknown : IHandler
{
    public Task<Outcome> RunAsync(JobContext job) => Task.FromResult<Outcome>(new Succeeded($"unknown command: {job.Command}"));
}
