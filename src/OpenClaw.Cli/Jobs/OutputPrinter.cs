using System.Globalization;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary>Prints what a job writes: its output on stdout, all else on stderr. On a terminal nothing of it steers anything.</summary>
internal sealed class OutputPrinter(Messages messages)
{
    private readonly bool isPlain = Console.IsOutputRedirected, isPlainError = Console.IsErrorRedirected;

    /// <summary>The id of the piece that was printed last.</summary>
    public long Last { get; private set; }

    /// <summary>Whether anything of the job's output was printed.</summary>
    public bool HasOutput { get; private set; }

    /// <summary>What the job's own program ended with, where it said so.</summary>
    public int? ExitCode { get; private set; }

    /// <param name="isQuiet">It was printed otherwise.</param>
    public void Print(ChunkView piece, bool isQuiet = false)
    {
        if (!isQuiet) Print(piece.Id, piece.ChunkType, piece.Content, piece.Metadata);
        Last = piece.Id;
    }

    public void Print(StreamEvent piece) => Print(piece.Id, piece.Type ?? "", piece.Content, piece.Metadata);

    private void Print(long id, string type, string? content, JsonElement? metadata)
    {
        Last = id;
        switch (type)
        {
            case ChunkTypes.Output:
                messages.StepOver();
                HasOutput = true;
                Console.Out.Write(isPlain ? content : VisibleText.Of(content ?? "", lines: true));
                Console.Out.Flush();
                break;
            case ChunkTypes.Error:
                messages.StepOver();
                Console.Error.Write(isPlainError ? content : VisibleText.Of(content ?? "", lines: true));
                break;
            case ChunkTypes.Progress:
                messages.Step(Percent(metadata) is { } percent ? $"{percent} % {content}".TrimEnd() : content ?? "");
                break;
            case ChunkTypes.Dropped:
                messages.Say("clawctl: some of the output before this is no longer kept");
                break;
            case ChunkTypes.Final:
                ExitCode = metadata is { ValueKind: JsonValueKind.Object } m && m.TryGetProperty("exit_code", out var code) && code.TryGetInt32(out var number)
                    ? number : null;
                if (content is { Length: > 0 }) messages.Say(content);
                break;
            default:
                if (type != "heartbeat") messages.Say($"[{type}] {content}".TrimEnd());
                break;
        }
    }

    private static string? Percent(JsonElement? metadata) => metadata is { ValueKind: JsonValueKind.Object } m && m.TryGetProperty("percent", out var percent)
        && percent.TryGetDouble(out var number) ? number.ToString("0.#", CultureInfo.InvariantCulture) : null;
}
