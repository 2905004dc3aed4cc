namespace OpenClaw.Crash.Tests.Power;

/// <summary>A folder as a recorded program made it, call by call, and what a power cut would leave of it at each moment.</summary>
/// <param name="ignoresSync">Syncs that this disk only says it has done.</param>
internal sealed class RecordedDisk(string folder, IReadOnlyList<DiskCall> calls, Func<DiskCall, bool>? ignoresSync = null)
{
    private readonly Dictionary<string, DiskFile> names = [];
    private readonly Dictionary<string, DiskFile> syncedNames = [];
    private readonly List<(int Number, string Path, DiskFile? File)> unsyncedNames = [];
    private int done;

    /// <summary>Goes on until so many calls are done.</summary>
    public void AdvanceTo(int count)
    {
        for (; done < count; done++) Do(calls[done]);
    }

    /// <summary>Writes the folder as a power cut now would leave it: of the names that were given and taken since the last sync, the first few hold.</summary>
    public void WriteAfterPowerCut(string target, Random random)
    {
        var kept = random.Next(4) switch { 0 => 0.05, 1 => 0.95, _ => 0.5 };
        var left = new Dictionary<string, DiskFile>(syncedNames);
        foreach (var (_, path, file) in unsyncedNames.Take(random.Next(unsyncedNames.Count + 1))) Set(left, path, file);
        foreach (var (path, file) in left)
        {
            if (path.EndsWith("-shm", StringComparison.Ordinal)) continue; // memory, which whoever comes first makes anew
            var copy = Path.Combine(target, Path.GetRelativePath(folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, file.AfterPowerCut(random, kept));
        }
    }

    private void Do(DiskCall call)
    {
        switch (call.Kind)
        {
            case DiskCallKind.Create:
                Name(call.Path, new DiskFile());
                break;
            case DiskCallKind.Unlink:
                Name(call.Path, null);
                break;
            case DiskCallKind.Rename:
                Name(call.NewPath, names[call.Path]);
                Name(call.Path, null);
                break;
            case DiskCallKind.Link:
                Name(call.NewPath, names[call.Path]);
                break;
            case DiskCallKind.Sync when ignoresSync?.Invoke(call) == true:
                break;
            case DiskCallKind.Sync when names.TryGetValue(call.Path, out var file):
                file.Sync(call.At);
                break;
            case DiskCallKind.FailedSync:
                if (names.TryGetValue(call.Path, out var failed)) failed.FailSync(call.At);
                break;
            case DiskCallKind.Sync:
                foreach (var (_, path, file) in unsyncedNames.Where(n => n.Number < call.At && IsIn(call.Path, n.Path))) Set(syncedNames, path, file);
                unsyncedNames.RemoveAll(n => n.Number < call.At && IsIn(call.Path, n.Path));
                break;
            default:
                names[call.Path].Add(done, call);
                break;
        }
    }

    private void Name(string path, DiskFile? file)
    {
        Set(names, path, file);
        unsyncedNames.Add((done, path, file));
    }

    private static bool IsIn(string folder, string path) => Path.GetDirectoryName(path) == folder;

    private static void Set(Dictionary<string, DiskFile> names, string path, DiskFile? file)
    {
        if (file is null) names.Remove(path);
        else names[path] = file;
    }
}
