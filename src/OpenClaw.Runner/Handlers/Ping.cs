namespace OpenClaw.Runner.Handlers;

/// <summary><c>ping</c>: says the payload back.</summary>
internal sealed class Ping : IHandler
{
    public Task<Outcome> RunAsync(JobContext job) => Task.FromResult<Outcome>(new Succeeded($"pong: {job.Payload}"));
}
