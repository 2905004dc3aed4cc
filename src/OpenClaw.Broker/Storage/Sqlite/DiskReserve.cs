namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// Some space kept beside the database. When the disk is full it is given up, so that running jobs can still be finished
/// while new ones are refused; when there is room again it is taken back.
/// </summary>
internal sealed class DiskReserve(string databasePath, long bytes)
{
    private readonly string path = databasePath + ".reserve";

    /// <summary>Whether the reserve has been given up.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Takes the space; true where it is held afterwards.</summary>
    public bool TryTake()
    {
        if (bytes == 0) return true;
        try
        {
            if (!File.Exists(path) && FreeBytes() < 2 * bytes)
            {
                IsSpent = true;
                return false;
            }
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var block = new byte[64 * 1024];
            for (var length = file.Seek(0, SeekOrigin.End); length < bytes; length += block.Length) file.Write(block, 0,
                (int)Math.Min(block.Length, bytes - length));
            file.Flush(flushToDisk: true);
            IsSpent = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            GiveUp();
        }
        return !IsSpent;
    }

    /// <summary>Never fails: where the file can't be deleted, there is no reserve.</summary>
    public void GiveUp()
    {
        IsSpent = true;
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private long FreeBytes() => new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace;
}
