namespace OpenClaw.Runner.Handlers;

/// <summary><c>count_words</c>: how many words the payload has.</summary>
internal sealed class CountWords : IHandler
{
    public Task<Outcome> RunAsync(JobContext job)
    {
        var words = job.Payload.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return Task.FromResult<Outcome>(words == 0 ? new Failed("nothing to count") : new Succeeded($"{words} words"));
    }
}
