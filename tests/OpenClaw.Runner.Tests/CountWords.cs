using System.Runtime.CompilerServices;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>count_words</c>: how many words the payload has.</summary>
internal sealed class CountWords : IHandler
{
    [ModuleInitializer]
    internal static void Register() => Commands.Add("count_words", _ => new CountWords());

    public Task<Outcome> RunAsync(JobView job, CancellationToken stop)
    {
        var words = (job.Payload ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return Task.FromResult<Outcome>(words == 0 ? new Failed("nothing to count") : new Succeeded($"{words} words"));
    }
}
