using System.Net;
using System.Runtime.InteropServices;
using OpenClaw.Broker.Access;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>
/// The broker's program as the one that delivers webhooks: a process of its own, since the broker's reaches nothing beyond this machine and
/// the tailnet.
/// </summary>
internal static class DeliverProgram
{
    public const string Argument = "--deliver";

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(DeliverOptions options)
    {
        var clock = TimeProvider.System;
        var log = new ProgramLog(Console.Out, clock, options.Token);
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var stopping = stop.Token.Register(ServiceManager.OfProcess.Stopping);
        using var http = BrokerHttp.Create();
        using var hooks = new HookClient(options.Guard, options.Secrets, Dns.GetHostAddressesAsync, clock);
        var credentials = new BrokerCredentials { WorkerToken = options.Token, WorkerId = Token.DeliverName };
        using var pings = ServiceManager.OfProcess.PingAlways(clock);
        ServiceManager.OfProcess.Ready($"delivers webhooks of {options.Broker}");
        log.Info($"delivers webhooks of {options.Broker}");
        await new Deliverer(new BrokerClient(http, options.Broker, credentials, clock), hooks, log, clock).RunAsync(stop.Token);
        log.Info("stopped");
        return ExitCodes.Ok;

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}
