using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Outbox;

/// <summary>An outcome on its way to the broker.</summary>
/// <param name="Text">The result, or the error.</param>
internal sealed record StoredOutcome(string JobId, int Attempt, string? LeaseToken, OutcomeKind Kind, string Text);

internal enum OutcomeKind
{
    Result,
    Fail,
}

/// <summary>
/// Outcomes that the broker has not acknowledged, a file each in <c>outbox/</c>. One that it refuses for good is moved to
/// <c>outbox/orphans/</c>, so that no work is lost silently.
/// </summary>
internal sealed class OutboxFolder
{
    /// <summary>A temporary file this old has no writer any more.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string folder;
    private readonly string orphans;
    private readonly RunnerLog log;
    private readonly TimeProvider clock;

    public OutboxFolder(string stateFolder, RunnerLog log, TimeProvider clock)
    {
        (this.log, this.clock) = (log, clock);
        folder = Path.Combine(stateFolder, "outbox");
        orphans = Path.Combine(folder, "orphans");
        PrivateFiles.CreateFolder(folder);
        PrivateFiles.CreateFolder(orphans);
    }

    /// <summary>Keeps an outcome on disk. A disk that refuses is logged: the outcome then lives in memory alone.</summary>
    public void Keep(StoredOutcome outcome)
    {
        try
        {
            PrivateFiles.Write(Path.Combine(folder, FileName(outcome)), JsonSerializer.SerializeToUtf8Bytes(outcome, OutboxJson.Default.StoredOutcome));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.OutboxFailed(outcome.JobId, e.Message);
        }
    }

    /// <summary>The broker has it.</summary>
    public void Remove(StoredOutcome outcome) => File.Delete(Path.Combine(folder, FileName(outcome)));

    /// <summary>The broker will never take it.</summary>
    public void SetAside(StoredOutcome outcome) => SetAside(FileName(outcome));

    /// <summary>What an earlier run of the runner left.</summary>
    public IReadOnlyList<StoredOutcome> Load()
    {
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*" + PrivateFiles.TemporaryEnding))
        {
            if (clock.GetUtcNow() - file.LastWriteTimeUtc > Abandoned) file.Delete();
        }
        return [.. new DirectoryInfo(folder).EnumerateFiles("*.json").OrderBy(f => f.LastWriteTimeUtc).Select(Read).OfType<StoredOutcome>()];
    }

    private StoredOutcome? Read(FileInfo file)
    {
        try
        {
            var outcome = JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), OutboxJson.Default.StoredOutcome);
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

    private static string FileName(StoredOutcome outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"{outcome.JobId}.{outcome.Attempt}.{outcome.Kind}.json").ToLowerInvariant();
}

/// <summary>Ids as the broker makes them. They become parts of file names and paths, so nothing else is let in.</summary>
internal static class JobIds
{
    public static bool IsValid(string id) => Guid.TryParseExact(id, "D", out var guid) && guid.ToString("D") == id;
}

/// <summary>The form of the outbox's files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StoredOutcome))]
internal sealed partial class OutboxJson : JsonSerializerContext;
