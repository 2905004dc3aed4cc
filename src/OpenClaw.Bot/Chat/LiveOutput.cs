using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>What is shown of a job that runs.</summary>
/// <param name="Text">The newest of what it wrote.</param>
/// <param name="IsWhole">Whether that is all.</param>
/// <param name="Step">How far it is; null where it doesn't say.</param>
/// <param name="Why">Why nothing comes; null while something does.</param>
internal sealed record LiveView(string Text, bool IsWhole, string? Step, string? Why)
{
    public static readonly LiveView Nothing = new("", true, null, null);
}

/// <summary>What a job writes, as it comes: its newest lines, however much it is.</summary>
internal sealed class LiveOutput
{
    private const int Kept = 2000;

    private readonly Lock gate = new();
    private readonly StringBuilder newest = new();
    private bool isWhole = true;
    private string? step, why;
    private TaskCompletionSource changed = New();

    /// <summary>The id of the piece that was had last.</summary>
    public long Last { get; private set; }

    /// <summary>Completes when there is something new.</summary>
    public Task Changed
    {
        get
        {
            lock (gate) return changed.Task;
        }
    }

    public LiveView Now
    {
        get
        {
            lock (gate) return new LiveView(newest.ToString(), isWhole, step, why);
        }
    }

    public void Take(StreamEvent e)
    {
        lock (gate)
        {
            if (e.Name is null) Add(e);
            else if (e.Name == StreamEvent.Why) why = e.Text;
        }
        Tell();
    }

    /// <summary>Wakes whoever waits for a change.</summary>
    public void Tell()
    {
        lock (gate)
        {
            changed.SetResult();
            changed = New();
        }
    }

    /// <summary>What a piece adds to what the job wrote.</summary>
    public static string TextOf(string? type, string? content) => type switch
    {
        ChunkTypes.Output or ChunkTypes.Error => content ?? "",
        ChunkTypes.Message or ChunkTypes.Final => content is { Length: > 0 } ? content.TrimEnd('\n') + "\n" : "",
        ChunkTypes.Dropped => "(what was written before this is no longer kept)\n",
        _ => "",
    };

    /// <summary>Percent and words, as far as there are some.</summary>
    public static string? StepOf(double? percent, string? words)
    {
        var number = percent is { } p ? string.Create(CultureInfo.InvariantCulture, $"{p:0.#} %") : "";
        return $"{number} {words}".Trim() is { Length: > 0 } said ? said : null;
    }

    private void Add(StreamEvent piece)
    {
        (Last, why) = (piece.Id, null);
        if (piece.Type == ChunkTypes.Progress) step = StepOf(PercentOf(piece.Metadata), piece.Content) ?? step;
        newest.Append(TextOf(piece.Type, piece.Content));
        if (newest.Length <= Kept) return;
        newest.Remove(0, newest.Length - Kept);
        isWhole = false;
    }

    private static double? PercentOf(JsonElement? metadata) =>
        metadata is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty("percent", out var percent)
            && percent.ValueKind == JsonValueKind.Number && percent.TryGetDouble(out var number) ? number : null;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
