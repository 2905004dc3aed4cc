namespace OpenClaw.Testing;

/// <summary>A private folder of one test, deleted at its end.</summary>
public sealed class TempFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    /// <param name="inMemory">Where the machine has such a disk: for what is opened often, and not to outlive anything.</param>
    public TempFolder(bool inMemory = false) => Path = inMemory && Directory.Exists(Memory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"openclaw-test-{Guid.NewGuid():n}")).FullName
        : Directory.CreateTempSubdirectory("openclaw-test-").FullName;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that was just killed may still be writing; the system's own cleaning gets it.
        }
    }
}
