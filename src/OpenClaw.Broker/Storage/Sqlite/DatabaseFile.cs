using System.Globalization;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>How far a file had come: who it is, and the place in the order of the newest job it ever held.</summary>
internal sealed record FileMark(string FileId, long LastSeq);

/// <summary>
/// This broker's hold on its file: no other broker opens it by any name, and the lock file beside it remembers how far the
/// file had come, so that one that is missing or has lost its newest jobs is noticed.
/// </summary>
internal sealed class DatabaseFile : IDisposable
{
    private const string Opened = "opened";
    private const int IoError = 5; // EIO
    private readonly FileStream memory;
    private readonly FileStream file;
    private readonly FileIdentity? identity;

    private DatabaseFile(string path, FileStream memory, FileStream file)
    {
        (Path, this.memory, this.file) = (path, memory, file);
        identity = FileIdentity.Of(file.SafeFileHandle);
        Seen = ReadMark(memory);
    }

    /// <summary>The file's real path.</summary>
    public string Path { get; }

    /// <summary>How far the file had come when it was last looked at; null where that is not known.</summary>
    public FileMark? Seen { get; private set; }

    /// <summary>Whether the path still leads to the file that is open.</summary>
    public bool IsInPlace => FileIdentity.Of(Path) == identity;

    /// <summary>Takes the file, and makes it where none ever was.</summary>
    /// <exception cref="DatabaseException">It can't be had.</exception>
    public static DatabaseFile Take(string path)
    {
        var real = System.IO.Path.GetFullPath(path);
        FileStream? memory = null;
        FileStream? file = null;
        try
        {
            if (new FileInfo(real).LinkTarget is not null) real = File.ResolveLinkTarget(real, returnFinalTarget: true)!.FullName;
            PrivateFiles.CreateFolder(System.IO.Path.GetDirectoryName(real)!);
            NetworkDisk.Refuse(System.IO.Path.GetDirectoryName(real)!);
            if (File.Exists(real)) NetworkDisk.Refuse(real); // it may be a mount by itself
            memory = OpenLock(real);
            if (memory.Length > 0 && !File.Exists(real)) throw new DatabaseException(Missing(real));
            if (memory.Length > 0
                && new FileInfo(real).Length == 0) throw new DatabaseException(DatabaseException.Damaged(real, "the file is empty, but it held jobs"));
            file = new FileStream(real, Private(FileShare.ReadWrite | FileShare.Delete));
            if (!FileLock.TryTake(file.SafeFileHandle))
            {
                throw new DatabaseException($"Another broker already runs on {real}, by another name of that file (find / -samefile {real}). Stop it "
                    + "first, or give this one another BROKER_DB.",
                    exitCode: ExitCodes.Temporary);
            }
            return new DatabaseFile(real, memory, file);
        }
        catch (Exception e)
        {
            file?.Dispose();
            memory?.Dispose();
            if (e is IOException { HResult: IoError }) throw new DatabaseException($"The disk of {real} failed ({e.Message}). Check it (dmesg, "
                + "smartctl), then start the broker again.", e, ExitCodes.Io);
            if (e is IOException or UnauthorizedAccessException) throw new DatabaseException(DatabaseException.NotWritable(real, e.Message), e);
            throw;
        }
    }

    /// <summary>Keeps every broker from the file, whether it is there or not, until this is disposed.</summary>
    /// <exception cref="DatabaseException">A broker runs on it.</exception>
    public static IDisposable Hold(string path)
    {
        try
        {
            return OpenLock(System.IO.Path.GetFullPath(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException(DatabaseException.NotWritable(path, e.Message), e);
        }
    }

    /// <summary>Refuses a file that has lost jobs since it was last seen.</summary>
    /// <exception cref="DatabaseException">It has.</exception>
    public void RefuseBehind(FileMark now)
    {
        if (Seen is not { } seen || seen.FileId != now.FileId || now.LastSeq >= seen.LastSeq) return;
        throw new DatabaseException(
            $"The database {Path} has lost jobs: it ends with number {now.LastSeq}, but number {seen.LastSeq} was in it. Was {Path}-wal deleted, or "
                + "an older copy put in its place? "
            + $"It was left as it is. Put back what belongs to it; or, to go on with what there is: rm {Path}.lock");
    }

    /// <summary>Notes how far the file has come.</summary>
    /// <param name="now">Null where the file can't tell.</param>
    /// <param name="sync">Whether the note must be on the disk.</param>
    public void Remember(FileMark? now, bool sync = false)
    {
        if (now == Seen && memory.Length > 0) return;
        var text = now is null ? Opened : string.Create(CultureInfo.InvariantCulture, $"{now.FileId} {now.LastSeq:d20}\n");
        RandomAccess.Write(memory.SafeFileHandle, Encoding.ASCII.GetBytes(text), 0);
        if (sync) RandomAccess.FlushToDisk(memory.SafeFileHandle);
        Seen = now;
    }

    /// <summary>To be called after every connection is closed: with this handle SQLite's own locks on the file end.</summary>
    public void Dispose()
    {
        file.Dispose();
        memory.Dispose();
    }

    private static FileMark? ReadMark(FileStream memory)
    {
        var text = new byte[memory.Length];
        var read = RandomAccess.Read(memory.SafeFileHandle, text, 0);
        return Encoding.ASCII.GetString(text, 0, read).Split(' ', StringSplitOptions.TrimEntries) is [var id, var seq]
            && long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var lastSeq) ? new FileMark(id, lastSeq) : null;
    }

    private static FileStream OpenLock(string path)
    {
        var file = path + ".lock";
        try
        {
            return new FileStream(file, Private(FileShare.None));
        }
        catch (IOException e) when (e.GetType() == typeof(IOException) && IsLocked(file))
        {
            throw new DatabaseException($"Another broker already runs on {path} (it holds {file}). Stop it first, or give this one another BROKER_DB.",
                e, ExitCodes.Temporary);
        }
    }

    private static FileStreamOptions Private(FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Whether the lock file can be read by nobody but its holder: a second look that needs no right to write.</summary>
    private static bool IsLocked(string file)
    {
        try
        {
            using var probe = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Missing(string path) =>
        $"The database {path} is missing, but it was there. Put it back with its -wal, or restore a backup with: clawctl restore BACKUP - or, to begin "
            + $"without jobs: rm -f {path}-wal {path}-shm {path}.lock";
}
