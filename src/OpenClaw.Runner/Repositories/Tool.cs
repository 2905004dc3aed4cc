using System.Buffers;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Repositories;

/// <summary>How a run of git or rg ended.</summary>
/// <param name="ExitCode">Null where it was ended since it wrote too much, or by a signal.</param>
/// <param name="IsCut">Whether it wrote more than is kept.</param>
internal sealed record ToolEnd(int? ExitCode, string Output, string Errors, bool IsCut);

/// <summary>Runs git and rg: no shell, an environment made from nothing, a time limit for all that they start, and an end to their output.</summary>
[SupportedOSPlatform("linux")]
internal sealed class Tool(RepositorySettings settings, TimeProvider clock, CancellationToken stop)
{
    private const int ErrorBytes = 4000;

    private static readonly string[] BaseEnvironment =
    [
        "HOME=/nonexistent", "LANG=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
        "GIT_ATTR_NOSYSTEM=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_PAGER=cat",
    ];

    public RepositorySettings Settings => settings;

    /// <param name="environment">Beside what each of them gets, as <c>NAME=value</c>.</param>
    /// <param name="folder">To work in.</param>
    /// <exception cref="RepositoryException">It took too long, or can't be started.</exception>
    public async Task<ToolEnd> RunAsync(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, string folder, byte[]? input = null)
    {
        var output = new CutText(settings.OutputBytes);
        var errors = new CutText(ErrorBytes);
        using var enough = new CancellationTokenSource();
        using var late = new CancellationTokenSource(settings.TimeLimit, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token, enough.Token);
        var start = new ChildStart(program, arguments, [Machine.PathVariable, .. BaseEnvironment, .. environment], folder, input);
        ChildEnd child;
        try
        {
            child = await ChildProcess.RunAsync(start, idle: TimeSpan.MaxValue, grace: TimeSpan.Zero, Take, clock, end.Token);
        }
        catch (SpawnException e)
        {
            throw new RepositoryException($"can't start: {e.Message}", !e.IsForGood);
        }
        stop.ThrowIfCancellationRequested();
        if (late.IsCancellationRequested && child.ExitCode is null && !output.IsCut)
        {
            var seconds = settings.TimeLimit.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            throw new RepositoryException($"command timed out after {seconds}s", mayPass: true);
        }
        return new ToolEnd(child.ExitCode, output.Text, errors.Text, output.IsCut);

        void Take(OutputStream stream, ReadOnlySpan<byte> bytes)
        {
            (stream == OutputStream.Output ? output : errors).Add(bytes);
            if (output.IsCut) enough.Cancel();
        }
    }
}

/// <summary>The beginning of a text that comes in pieces, in bytes; no character is cut in two.</summary>
internal sealed class CutText(int most)
{
    private readonly ArrayBufferWriter<byte> kept = new();

    /// <summary>Whether more came than is kept.</summary>
    public bool IsCut { get; private set; }

    public string Text
    {
        get
        {
            var bytes = kept.WrittenSpan;
            var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            return new string(text, 0, Encoding.UTF8.GetDecoder().GetChars(bytes, text, flush: !IsCut));
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        var fits = Math.Min(bytes.Length, most - kept.WrittenCount);
        kept.Write(bytes[..fits]);
        IsCut |= fits < bytes.Length;
    }
}
