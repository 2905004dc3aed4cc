using System.Globalization;
using System.Text.Json;
using OpenClaw.Programs;

namespace OpenClaw.Runner;

/// <summary>An outcome on its way to the broker.</summary>
/// <param name="Text">The result, or the error.</param>
internal sealed record Outgoing(string JobId, int Attempt, string? LeaseToken, OutgoingKind Kind, string Text);

internal enum OutgoingKind
{
    Result,
    Fail,
}

/// <summary>
/// Outcomes that the broker has not acknowledged, a file each in <c>outbox/</c>. One that it refuses for good is moved to
/// <c>outbox/orphans/</c>, so that no work is lost silently.
/// </summary>
internal sealed class Outbox
{
    /// <summary>A temporary file this old has no writer any more.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string folder;
    private readonly string orphans;
    private readonly Log log;
    private readonly TimeProvider clock;

    public Outbox(string stateFolder, Log log, TimeProvider clock)
    {
        (this.log, this.clock) = (log, clock);
        folder = Path.Combine(stateFolder, "outbox");
        orphans = Path.Combine(folder, "orphans");
        PrivateFiles.CreateFolder(folder);
        PrivateFiles.CreateFolder(orphans);
    }

    /// <summary>Keeps an outcome on disk. A disk that refuses is logged: the outcome then lives in memory alone.</summary>
    public void Keep(Outgoing outcome)
    {
        try
        {
            PrivateFiles.Write(Path.Combine(folder, FileName(outcome)), JsonSerializer.SerializeToUtf8Bytes(outcome, RunnerJson.Default.Outgoing));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.OutboxFailed(outcome.JobId, e.Message);
        }
    }

    /// <summary>The broker has it.</summary>
    public void Remove(Outgoing outcome) => File.Delete(Path.Combine(folder, FileName(outcome)));

    /// <summary>The broker will never take it.</summary>
    public void SetAside(Outgoing outcome) => SetAside(FileName(outcome));

    /// <summary>What an earlier run of the runner left.</summary>
    public IReadOnlyList<Outgoing> Load()
    {
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*" + PrivateFiles.TemporaryEnding))
        {
            if (clock.GetUtcNow() - file.LastWriteTimeUtc > Abandoned) file.Delete();
        }
        return [.. new DirectoryInfo(folder).EnumerateFiles("*.json").OrderBy(f => f.LastWriteTimeUtc).Select(Read).OfType<Outgoing>()];
    }

    private Outgoing? Read(FileInfo file)
    {
        try
        {
            var outcome = JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), RunnerJson.Default.Outgoing);
            if (outcome is not null && JobIds.IsValid(outcome.JobId) && FileName(outcome) == file.Name) return outcome;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            // Not an outcome: set aside below.
        }
        log.OutboxUnreadable(file.Name);
        SetAside(file.Name);
        return null;
    }

    private void SetAside(string name)
    {
        var path = Path.Combine(folder, name);
        if (File.Exists(path)) File.Move(path, Path.Combine(orphans, name), overwrite: true);
    }

    private static string FileName(Outgoing outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"{outcome.JobId}.{outcome.Attempt}.{outcome.Kind}.json").ToLowerInvariant();
}

/// <summary>Ids as the broker makes them. They become parts of file names and paths, so nothing else is let in.</summary>
internal static class JobIds
{
    public static bool IsValid(string id) => Guid.TryParseExact(id, "D", out var guid) && guid.ToString("D") == id;
}
