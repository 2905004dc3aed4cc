using System.Runtime.Versioning;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Commands;

/// <summary>What to start, and how to end it where a signal to its group is not the way.</summary>
/// <param name="Environment"><c>NAME=value</c>, all of it.</param>
/// <param name="Input">Null for none.</param>
/// <param name="AskToEnd">Does what SIGTERM does elsewhere.</param>
/// <param name="Kill">Is done beside SIGKILL.</param>
internal sealed record ChildStart(string Program, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment, string Folder, byte[]? Input = null,
    Action? AskToEnd = null, Action? Kill = null);

/// <summary>How a child ended.</summary>
/// <param name="ExitCode">Null where a signal ended it, or nobody knows.</param>
/// <param name="IsIdle">It was ended since it wrote nothing for too long.</param>
internal sealed record ChildEnd(int? ExitCode, int? Signal, bool IsIdle);

/// <summary>Takes what a child writes, at once: its pipes are read by the same thread.</summary>
internal delegate void TakeOutput(OutputStream stream, ReadOnlySpan<byte> bytes);

/// <summary>
/// Runs a program with all that it starts, on a thread of its own, to the end of all of them: whoever is left in its group when it ends,
/// and all of them when it is stopped or silent, get SIGTERM, a grace time, and SIGKILL. Nobody who keeps a pipe open is waited for.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ChildProcess
{
    /// <summary>Milliseconds between two looks at a child of which nothing is heard, the longer the rarer.</summary>
    private const int LongLook = 100, ShortLook = 10;

    /// <summary>Half a pipe, and little enough that its text is no large object to the garbage collector.</summary>
    private const int PipeBytes = 32 << 10;

    private const int MostReads = 16;

    /// <summary>How long a pipe is read on, that somebody outside the group keeps open; how long the kernel has to end what was killed.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1), KillTime = TimeSpan.FromSeconds(3);

    private readonly byte[] buffer = new byte[PipeBytes];
    private readonly NativeProcess process;
    private readonly ChildStart start;
    private readonly TimeSpan idle, grace;
    private readonly TakeOutput take;
    private readonly TimeProvider clock;
    private int written;

    private ChildProcess(NativeProcess process, ChildStart start, TimeSpan idle, TimeSpan grace, TakeOutput take, TimeProvider clock) =>
        (this.process, this.start, this.idle, this.grace, this.take, this.clock) = (process, start, idle, grace, take, clock);

    /// <summary>Runs it to its end; the caller asks <paramref name="stop"/> itself whether that was why it ended.</summary>
    /// <param name="idle">So long without output it is ended.</param>
    /// <param name="grace">From SIGTERM to SIGKILL.</param>
    /// <exception cref="SpawnException">It can't be started.</exception>
    public static Task<ChildEnd> RunAsync(ChildStart start, TimeSpan idle, TimeSpan grace, TakeOutput take, TimeProvider clock, CancellationToken stop)
    {
        var process = NativeProcess.Start(start.Program, start.Arguments, start.Environment, start.Folder, start.Input is not null);
        var child = new ChildProcess(process, start, idle, grace, take, clock);
        var ended = new TaskCompletionSource<ChildEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => child.Run(ended, stop)) { IsBackground = true, Name = "command" }.Start();
        return ended.Task;
    }

    private void Run(TaskCompletionSource<ChildEnd> ended, CancellationToken stop)
    {
        var isIdle = false;
        try
        {
            isIdle = Follow(stop);
        }
        catch (Exception e)
        {
            ended.TrySetException(e);
        }
        process.Signal(NativeProcess.Kill); // As long as it is not reaped, the group's number is its own.
        process.CloseAll();
        if (!process.HasEnded()) ended.TrySetResult(new ChildEnd(null, null, isIdle)); // The kernel does not let go of it.
        var (exitCode, signal) = process.Reap();
        if (signal is not null) start.Kill?.Invoke();
        ended.TrySetResult(new ChildEnd(exitCode, signal, isIdle));
    }

    /// <summary>Reads and writes until nothing is left to wait for.</summary>
    /// <returns>Whether it was silent for too long.</returns>
    private bool Follow(CancellationToken stop)
    {
        var heard = clock.GetTimestamp();
        var isIdle = false;
        var look = ShortLook;
        long? asked = null, killed = null, alone = null;
        while (true)
        {
            var (hadPipe, hadInput) = (process.HasOpenPipe, process.Input >= 0);
            process.Wait(written < start.Input?.Length, look);
            var hasRead = ReadAll();
            if (hasRead) heard = clock.GetTimestamp();
            WriteInput();
            look = hasRead || hadPipe != process.HasOpenPipe || hadInput != process.Input >= 0 ? ShortLook : Math.Min(2 * look, LongLook);
            if (process.HasEnded())
            {
                if (!process.HasOthers())
                {
                    alone ??= clock.GetTimestamp();
                    if (!process.HasOpenPipe && !hasRead || clock.GetElapsedTime(alone.Value) > DrainTime) return isIdle;
                }
                else if (asked is null) Ask(ref asked, process.Signal);
            }
            if (asked is null && alone is null && (stop.IsCancellationRequested || clock.GetElapsedTime(heard) > idle))
            {
                isIdle = !stop.IsCancellationRequested;
                Ask(ref asked, start.AskToEnd is { } ask ? _ => ask() : process.Signal);
            }
            if (asked is { } since && killed is null && clock.GetElapsedTime(since) > grace)
            {
                killed = clock.GetTimestamp();
                start.Kill?.Invoke();
                process.Signal(NativeProcess.Kill);
            }
            if (killed is { } then && clock.GetElapsedTime(then) > KillTime) return isIdle;
        }
    }

    private void Ask(ref long? asked, Action<int> signal)
    {
        asked = clock.GetTimestamp();
        signal(NativeProcess.Terminate);
        if (start.AskToEnd is null) process.Signal(NativeProcess.Continue); // What is stopped would not hear it.
    }

    private bool ReadAll()
    {
        var hasRead = false;
        foreach (var stream in (ReadOnlySpan<OutputStream>)[OutputStream.Output, OutputStream.Error])
        {
            for (var n = 0; n < MostReads && process.Read(stream == OutputStream.Error, buffer) is > 0 and var count; n++)
            {
                take(stream, buffer.AsSpan(0, count));
                hasRead = true;
            }
        }
        return hasRead;
    }

    private void WriteInput()
    {
        if (process.Input < 0) return;
        while (written < start.Input!.Length)
        {
            var count = process.Write(start.Input.AsSpan(written));
            if (count == 0) return;
            if (count < 0) break; // It reads no more, which is its own affair.
            written += count;
        }
        process.CloseInput();
    }
}
