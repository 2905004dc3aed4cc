using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Running;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using Orleans.Storage;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>The broker, whole but for its job storage, which keeps nothing: what the rest of it can do.</summary>
internal static class StorelessBroker
{
    public const string Switch = "OPENCLAW_BENCH_NO_STORAGE";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Switch) == "1";

    public static async Task<int> RunAsync()
    {
        var options = BrokerOptions.Read(Settings.FromProcess(null));
        await using var app = await BrokerHost.BuildAsync(options, TimeProvider.System, silo =>
            silo.Services.AddKeyedSingleton<IGrainStorage>(JobStorage.Name, static (_, _) => new Nowhere()));
        await Microsoft.Extensions.Hosting.HostingAbstractionsHostExtensions.RunAsync(app);
        return ExitCodes.Ok;
    }

    private sealed class Nowhere : IGrainStorage
    {
        private long lastSeq;

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var row = (JobRow)(object)grainState.State!;
            if (!grainState.RecordExists) row.Job = row.Job! with { Seq = Interlocked.Increment(ref lastSeq) };
            grainState.RecordExists = true;
            return Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();
    }
}
