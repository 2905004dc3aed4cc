using OpenClaw.Broker.Store;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>A stop that was asked for comes to an end, even where the disk does not answer.</summary>
internal static class StopLimit
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(12);

    /// <summary>From the moment the host is asked to stop the process has <see cref="Limit"/> until it ends.</summary>
    public static void Guard(WebApplication app, TimeProvider clock)
    {
        var fatal = app.Services.GetRequiredService<FatalError>();
        app.Lifetime.ApplicationStopping.Register(() => _ = EndAsync());

        async Task EndAsync()
        {
            await Task.Delay(Limit, clock);
            fatal.End(ExitCodes.Io, $"The broker could not stop within {Limit.TotalSeconds} s: the disk of its database does not answer. Nothing that "
                + "was acknowledged is lost; check the disk (dmesg).");
        }
    }
}
