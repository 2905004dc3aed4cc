using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace OpenClaw.Runner.Commands;

/// <summary>
/// A process in a session and so a process group of its own, with the descriptors it is given and no other. .NET's own class can do
/// neither, and its readers of pipes wait for whoever holds the other end; so it is posix_spawn(3), and descriptors that never block.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class NativeProcess
{
    public const int Terminate = 15, Kill = 9, Continue = 18;

    private const int NoSuchFile = 2, Interrupted = 4, Again = 11, NoRight = 13, TooLong = 7, NotExecutable = 8;
    private const int CloseOnExec = 0x80000, NonBlocking = 0x800;
    private const int OpaqueBytes = 1024; // More than glibc's and musl's own structures have.
    private const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, SetSession = 0x80;

    private NativeProcess(int id) => Id = id;

    /// <summary>Of the process, and of its group.</summary>
    public int Id { get; }

    /// <summary>This process's ends of the pipes; -1 once closed, or where there is none.</summary>
    public int Input { get; private set; } = -1;

    public int Output { get; private set; } = -1;

    public int Error { get; private set; } = -1;

    public bool HasOpenPipe => Output >= 0 || Error >= 0;

    /// <summary>Starts a program.</summary>
    /// <param name="arguments">Without the program's own name.</param>
    /// <param name="environment"><c>NAME=value</c>, all of it.</param>
    /// <param name="hasInput">Whether something will be written to it; else its input is empty.</param>
    /// <exception cref="SpawnException">It can't be started.</exception>
    public static unsafe NativeProcess Start(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, string folder, bool hasInput)
    {
        Inherited.CloseOnStart();
        var pipes = stackalloc int[6];
        new Span<int>(pipes, 6).Fill(-1);
        byte* actions = stackalloc byte[OpaqueBytes], attributes = stackalloc byte[OpaqueBytes], signals = stackalloc byte[OpaqueBytes];
        byte** argv = null, envp = null;
        _ = FileActionsInit(actions);
        _ = AttributesInit(attributes);
        try
        {
            argv = ToNative([program, .. arguments]);
            envp = ToNative(environment);
            if (hasInput) Check(Pipe(pipes, CloseOnExec), "a pipe");
            Check(Pipe(pipes + 2, CloseOnExec), "a pipe");
            Check(Pipe(pipes + 4, CloseOnExec), "a pipe");
            _ = hasInput ? FileActionsDup(actions, pipes[0], 0) : FileActionsOpen(actions, 0, "/dev/null", 0, 0);
            _ = FileActionsDup(actions, pipes[3], 1);
            _ = FileActionsDup(actions, pipes[5], 2);
            _ = FileActionsChdir(actions, folder);
            _ = AttributesSetFlags(attributes, SetSession | SetSignalMask | SetSignalDefaults);
            _ = EmptySignals(signals);
            _ = AttributesSetMask(attributes, signals);
            _ = FillSignals(signals); // .NET ignores SIGPIPE, which a child would inherit.
            _ = AttributesSetDefaults(attributes, signals);
            var error = Spawn(out var id, program, actions, attributes, argv, envp);
            if (error != 0) throw new SpawnException(Describe(error, program, folder), error == TooLong);
            var process = new NativeProcess(id) { Input = pipes[1], Output = pipes[2], Error = pipes[4] };
            pipes[1] = pipes[2] = pipes[4] = -1;
            foreach (var descriptor in (ReadOnlySpan<int>)[process.Input, process.Output, process.Error])
            {
                if (descriptor >= 0) _ = Control(descriptor, 4 /* F_SETFL */, NonBlocking | (descriptor == process.Input ? 1 : 0));
            }
            return process;
        }
        finally
        {
            for (var n = 0; n < 6; n++) if (pipes[n] >= 0) _ = Close(pipes[n]);
            Free(argv);
            Free(envp);
            _ = FileActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
        }
    }

    public static bool MayRun(string path) => Access(path, 1) == 0;

    /// <summary>Waits until a pipe can be read or written, or so many milliseconds are over.</summary>
    public unsafe void Wait(bool wantsInput, int milliseconds)
    {
        var polled = stackalloc PollDescriptor[3];
        var count = 0;
        if (Output >= 0) polled[count++] = new PollDescriptor(Output, 1);
        if (Error >= 0) polled[count++] = new PollDescriptor(Error, 1);
        if (Input >= 0 && wantsInput) polled[count++] = new PollDescriptor(Input, 4);
        _ = Poll(polled, (nuint)count, milliseconds);
    }

    /// <summary>What is there now: 0 bytes where there is nothing, less where nothing will come any more; then the end is closed.</summary>
    public unsafe int Read(bool isError, Span<byte> to)
    {
        var descriptor = isError ? Error : Output;
        if (descriptor < 0) return -1;
        nint read;
        fixed (byte* start = to) read = ReadSome(descriptor, start, (nuint)to.Length);
        if (read > 0) return (int)read;
        if (read < 0 && Marshal.GetLastPInvokeError() is Again or Interrupted) return 0;
        _ = Close(descriptor);
        if (isError) Error = -1;
        else Output = -1;
        return -1;
    }

    /// <summary>How much of it was taken; less than nothing where the process takes no more.</summary>
    public unsafe int Write(ReadOnlySpan<byte> from)
    {
        nint written;
        fixed (byte* start = from) written = WriteSome(Input, start, (nuint)from.Length);
        return written >= 0 ? (int)written : Marshal.GetLastPInvokeError() is Again or Interrupted ? 0 : -1;
    }

    public void CloseInput()
    {
        if (Input >= 0) _ = Close(Input);
        Input = -1;
    }

    public void CloseAll()
    {
        CloseInput();
        if (Output >= 0) _ = Close(Output);
        if (Error >= 0) _ = Close(Error);
        Output = Error = -1;
    }

    /// <summary>Whether it has ended. It is not reaped by that, so its id, and its group's, stay its own.</summary>
    public unsafe bool HasEnded()
    {
        var information = stackalloc int[32];
        information[3] = information[4] = 0;
        const int OfProcess = 1, Exited = 4, NoHang = 1, NoWait = 0x1000000;
        var answer = WaitForId(OfProcess, Id, information, Exited | NoHang | NoWait);
        return answer < 0 ? Marshal.GetLastPInvokeError() != Interrupted : information[4] != 0;
    }

    /// <summary>Sends a signal to the whole group.</summary>
    public void Signal(int signal) => _ = SendSignal(-Id, signal);

    /// <summary>Whether another process than the first is left in the group.</summary>
    public bool HasOthers()
    {
        try
        {
            return Directory.EnumerateDirectories("/proc").Any(folder =>
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != Id && IsAliveInGroup(folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // Without /proc nobody can say; SIGKILL comes in any case.
        }
    }

    /// <summary>Takes the end of a process that has ended, or waits for it.</summary>
    public (int? ExitCode, int? Signal) Reap()
    {
        int status, answer;
        while ((answer = WaitFor(Id, out status, 0)) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
        if (answer < 0) return (null, null);
        return (status & 0x7f) == 0 ? (status >> 8 & 0xff, null) : (null, status & 0x7f);
    }

    private bool IsAliveInGroup(string folder)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            // The name, in parentheses, may hold anything; then state, parent and group.
            return stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [not ("Z" or "X"), _, var group, ..]
                && group == Id.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Check(int answer, string what)
    {
        if (answer != 0) throw new SpawnException($"can't make {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", false);
    }

    private static string Describe(int error, string program, string folder) => error switch
    {
        TooLong => "the arguments are longer than this system takes; send the payload by stdin or file",
        NoSuchFile when !Directory.Exists(folder) => "its working folder is gone",
        NoSuchFile => $"{program} is gone, or the program that its first line names",
        NotExecutable => $"{program} is no program: a script's first line has to name what runs it, as in #!/bin/sh",
        NoRight => $"this user may not run {program}",
        _ => $"{program}: {Marshal.GetPInvokeErrorMessage(error)}",
    };

    private static unsafe byte** ToNative(IReadOnlyList<string> texts)
    {
        var list = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (var n = 0; n < texts.Count; n++) list[n] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[n]);
        return list;
    }

    private static unsafe void Free(byte** list)
    {
        for (var at = list; at is not null && *at is not null; at++) Marshal.FreeCoTaskMem((nint)(*at));
        NativeMemory.Free(list);
    }
}

/// <summary>A program can't be started.</summary>
/// <param name="isForGood">Whether another try of the same can't do better.</param>
internal sealed class SpawnException(string why, bool isForGood) : Exception(why)
{
    public bool IsForGood { get; } = isForGood;
}
