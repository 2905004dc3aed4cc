using System.Net.Sockets;
using System.Text;

namespace OpenClaw.Testing;

/// <summary>
/// A network that goes away when the client sends a certain text: neither that nor anything else arrives from then
/// on, and no connection is closed, until it heals.
/// </summary>
/// <param name="cutBy">A text of the client's, such as <c>/result</c>.</param>
public sealed class CutProxy(Uri broker, string cutBy) : TestNetwork(broker)
{
    private readonly TaskCompletionSource cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource healed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the network has gone.</summary>
    public Task CutAsync() => cut.Task.WaitAsync(Broken.After);

    /// <summary>New connections come through again; the old ones break, as they do when an address has moved.</summary>
    public void Heal() => healed.TrySetResult();

    protected override Task BeforeAsync() => cut.Task.IsCompleted ? healed.Task.WaitAsync(Stop) : Task.CompletedTask;

    protected override async Task PassAsync(NetworkStream client, NetworkStream server, int n) =>
        await await Task.WhenAny(PassAsync(client, server, isClients: true), PassAsync(server, client, isClients: false));

    private async Task PassAsync(NetworkStream from, NetworkStream to, bool isClients)
    {
        var buffer = new byte[16384];
        var wasHealed = healed.Task.IsCompleted;
        while (await from.ReadAsync(buffer, Stop) is > 0 and var read)
        {
            if (isClients && Encoding.Latin1.GetString(buffer, 0, read).Contains(cutBy, StringComparison.Ordinal)) cut.TrySetResult();
            if (cut.Task.IsCompleted && !wasHealed)
            {
                await healed.Task.WaitAsync(Stop);
                return;
            }
            await to.WriteAsync(buffer.AsMemory(0, read), Stop);
        }
    }
}
