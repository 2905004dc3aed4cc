using System.Text;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>The requests of a cycle, ready to be sent.</summary>
internal sealed class Requests
{
    public const string Worker = $"X-Worker-Token: {BrokerProcess.WorkerToken}";

    public byte[] Create { get; } = HttpLane.Request("POST", "/jobs", """{"command":"ping","payload":"hello"}""", $"X-Bot-Token: {BrokerProcess.BotToken}");

    /// <summary>Of the highest priority.</summary>
    public byte[] CreateFirst { get; } = HttpLane.Request("POST", "/jobs", """{"command":"ping","payload":"hello","priority":1}""",
        $"X-Bot-Token: {BrokerProcess.BotToken}");

    /// <summary>By a worker that has all that <see cref="Filling"/>'s mix asks for.</summary>
    public byte[] Claim { get; } = HttpLane.Request("GET", "/jobs/next", "", Worker, "X-Worker-Caps: k1,k2,k3,k4,k5,k6,k7,k8,k9");

    /// <summary>A long poll for jobs that nobody makes.</summary>
    public byte[] PollForOthers { get; } = HttpLane.Request("GET", "/jobs/next?wait=60", "", Worker, "X-Worker-Commands: other");

    public byte[] Poll { get; } = HttpLane.Request("GET", "/jobs/next?wait=60", "", Worker);

    /// <summary>The result of the job in a claim's answer.</summary>
    public byte[] ResultOf(ReadOnlySpan<byte> claimed)
    {
        var id = claimed.IndexOf("\"id\":\""u8);
        if (id < 0) throw new InvalidOperationException("a claim found no job");
        return HttpLane.Request("POST", $"/jobs/{Encoding.ASCII.GetString(claimed.Slice(id + 6, 36))}/result", """{"result":"pong"}""", Worker);
    }

    public static void Check(int status, HttpLane lane)
    {
        if (status != 200) throw new InvalidOperationException($"the broker answered {status}: {Encoding.UTF8.GetString(lane.Body)}");
    }
}
