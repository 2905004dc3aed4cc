using System.Runtime.CompilerServices;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Handlers;

/// <summary><c>ping</c>: says the payload back.</summary>
internal sealed class Ping : IHandler
{
    [ModuleInitializer]
    internal static void Register() => Commands.Add("ping", _ => new Ping());

    public Task<Outcome> RunAsync(JobView job, CancellationToken stop) =>
        Task.FromResult<Outcome>(new Succeeded($"pong: {job.Payload}"));
}
