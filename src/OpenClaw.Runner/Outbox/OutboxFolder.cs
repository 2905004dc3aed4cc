using System.Text.Json;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Outbox;

/// <summary>
/// Outcomes that the broker has not acknowledged, one file each in <c>outbox/</c>. One that it refuses for good is moved to
/// <c>outbox/orphans/</c>, so that no work is lost silently. Every method throws <see cref="OutboxException"/> when the disk fails.
/// </summary>
internal sealed class OutboxFolder
{
    /// <summary>A temporary file this old has no writer any more.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string folder;
    private readonly string orphans;
    private readonly RunnerLog log;
    private readonly TimeProvider clock;

    /// <summary>Makes the folders, private, where they are missing, and sees that they can be written.</summary>
    public OutboxFolder(string stateFolder, RunnerLog log, TimeProvider clock)
    {
        (this.log, this.clock) = (log, clock);
        folder = Path.Combine(stateFolder, "outbox");
        orphans = Path.Combine(folder, "orphans");
        OnDisk("make", orphans, () => PrivateFiles.CreateFolder(orphans));
        var probe = Path.Combine(folder, "probe" + PrivateFiles.TemporaryEnding);
        OnDisk("write", folder, () =>
        {
            PrivateFiles.Write(probe, "writable"u8);
            File.Delete(probe);
        });
    }

    /// <summary>Keeps an outcome on disk.</summary>
    public void Keep(StoredOutcome outcome)
    {
        var path = Path.Combine(folder, outcome.FileName);
        OnDisk("write", path, () => PrivateFiles.Write(path, JsonSerializer.SerializeToUtf8Bytes(outcome, OutboxJson.Default.StoredOutcome)));
    }

    /// <summary>The broker has it.</summary>
    public void Remove(StoredOutcome outcome)
    {
        var path = Path.Combine(folder, outcome.FileName);
        OnDisk("delete", path, () => File.Delete(path));
    }

    /// <summary>The broker will never take it.</summary>
    public void SetAside(StoredOutcome outcome) => SetAside(outcome.FileName);

    /// <summary>The files that an earlier run of the runner left, oldest first.</summary>
    public IReadOnlyList<string> List()
    {
        var names = new List<string>();
        OnDisk("read", folder, () =>
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*" + PrivateFiles.TemporaryEnding))
            {
                if (clock.GetUtcNow() - file.LastWriteTimeUtc > Abandoned) file.Delete();
            }
            names.AddRange(new DirectoryInfo(folder).EnumerateFiles("*.json").OrderBy(f => f.LastWriteTimeUtc).Select(f => f.Name));
        });
        return names;
    }

    /// <summary>The outcome in a file; null where it is gone, or is none and so was moved to the orphans.</summary>
    public StoredOutcome? Read(string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path)) return null;
        try
        {
            StoredOutcome? outcome = null;
            OnDisk("read", path, () => outcome = JsonSerializer.Deserialize(File.ReadAllBytes(path), OutboxJson.Default.StoredOutcome));
            if (outcome is { IsSound: true } && outcome.FileName == name) return outcome;
        }
        catch (JsonException)
        {
            // Not an outcome: set aside below.
        }
        log.OutboxUnreadable(name);
        SetAside(name);
        return null;
    }

    private void SetAside(string name)
    {
        var path = Path.Combine(folder, name);
        OnDisk("move", path, () =>
        {
            if (File.Exists(path)) File.Move(path, Path.Combine(orphans, name), overwrite: true);
        });
    }

    private static void OnDisk(string doing, string path, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutboxException(doing, path, e);
        }
    }
}

/// <summary>The disk under the outbox fails: the runner can't promise any more that outcomes outlive it.</summary>
internal sealed class OutboxException(string doing, string path, Exception cause) : Exception(Describe(doing, path, cause), cause)
{
    private const int IoError = 5, NoSpace = 28, NoQuota = 122;

    /// <summary>Whether it may pass without a change of configuration or rights: the disk is full or unwell.</summary>
    public bool MayPass => InnerException is IOException { HResult: IoError or NoSpace or NoQuota };

    private static string Describe(string doing, string path, Exception cause) =>
        $"can't {doing} {path} ({cause.Message}). Let this user write there, with room on the disk, and start again: outcomes that are kept are sent then";
}
