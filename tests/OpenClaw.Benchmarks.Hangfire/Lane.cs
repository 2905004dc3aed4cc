using System.Diagnostics;
using Hangfire;

namespace OpenClaw.Benchmarks.Hangfire;

/// <summary>One cycle after the other, on a thread of its own: Hangfire's client blocks.</summary>
internal sealed class Lane(BackgroundJobClient client, Endings endings, string payload)
{
    public volatile bool Counting;
    private volatile bool stopping;
    private Thread? thread;

    public List<double> Milliseconds { get; } = [];

    public void Start()
    {
        thread = new Thread(Run);
        thread.Start();
    }

    public void Stop()
    {
        stopping = true;
        thread!.Join();
    }

    private void Run()
    {
        while (!stopping)
        {
            var (start, counted) = (Stopwatch.GetTimestamp(), Counting);
            endings.Wait(client.Enqueue(() => Ping.Answer(payload)));
            if (counted && Counting) Milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }
}

/// <summary>The job's work: none.</summary>
public static class Ping
{
    public static string Answer(string payload) => payload.Length > 0 ? "pong" : "";
}
