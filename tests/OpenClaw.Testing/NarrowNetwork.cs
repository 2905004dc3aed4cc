using System.Net.Sockets;

namespace OpenClaw.Testing;

/// <summary>A network that breaks its first connection behind so many bytes of the broker's answer, and no other.</summary>
public sealed class NarrowNetwork(Uri broker, int most) : TestNetwork(broker)
{
    /// <summary>How many bytes the broker answered on the first connection, those that were cut off among them.</summary>
    public int First { get; private set; }

    protected override async Task PassAsync(NetworkStream client, NetworkStream server, int n) =>
        await await Task.WhenAny(client.CopyToAsync(server, Stop), AnswerAsync(server, client, isFirst: n == 0));

    private async Task AnswerAsync(NetworkStream from, NetworkStream to, bool isFirst)
    {
        var buffer = new byte[16384];
        var passed = 0;
        while (await from.ReadAsync(buffer, Stop) is > 0 and var read)
        {
            var fits = isFirst ? Math.Clamp(most - passed, 0, read) : read;
            await to.WriteAsync(buffer.AsMemory(0, fits), Stop);
            passed += read;
            if (isFirst) First = passed;
            if (fits < read || isFirst && passed >= most) return;
        }
    }
}
