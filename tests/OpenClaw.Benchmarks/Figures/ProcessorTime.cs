using System.Diagnostics;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>
/// User and system time that a broker's process has spent, without what the runtime spends on optimizing, which goes on for tens of thousands of
/// cycles and then ends; and the part of it that its writer thread has.
/// </summary>
internal readonly record struct ProcessorTime(TimeSpan Total, TimeSpan Writer)
{
    public static ProcessorTime Of(Process process)
    {
        process.Refresh();
        var (total, writer) = (process.TotalProcessorTime, TimeSpan.Zero);
        foreach (ProcessThread thread in process.Threads)
        {
            var name = NameOf(process.Id, thread.Id);
            if (name.StartsWith(".NET Tiered", StringComparison.Ordinal)) total -= thread.TotalProcessorTime;
            if (name.StartsWith("openclaw-writer", StringComparison.Ordinal)) writer += thread.TotalProcessorTime;
        }
        return new ProcessorTime(total, writer);
    }

    public static ProcessorTime operator -(ProcessorTime after, ProcessorTime before) => new(after.Total - before.Total, after.Writer - before.Writer);

    private static string NameOf(int process, int thread)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/task/{thread}/comm");
        }
        catch (IOException)
        {
            return ""; // it has ended, or this system does not tell
        }
    }
}
