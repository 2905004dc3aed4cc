using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace OpenClaw.Runner.Repositories;

/// <summary>
/// A folder or file that is held by its descriptor: whoever renames it or puts a link in its place changes nothing for whoever holds it.
/// From a folder the way goes down only, a name at a time, and never through a link.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class OpenedPath : IDisposable
{
    private const int PathAlone = 0x200000, CloseOnExec = 0x80000;
    private const int TypeBits = 0xf000, FolderType = 0x4000, FileType = 0x8000;

    /// <summary>The only one of these flags whose number is not the same on all machines.</summary>
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    private readonly SafeFileHandle handle;
    private readonly int type;

    private OpenedPath(SafeFileHandle handle, int type, long size) => (this.handle, this.type, Size) = (handle, type, size);

    public bool IsFolder => type == FolderType;

    /// <summary>Whether it is a file with content: no pipe, no device, no link.</summary>
    public bool IsFile => type == FileType;

    /// <summary>In bytes, when it was opened.</summary>
    public long Size { get; }

    /// <summary>A path that leads to it wherever it is by now, in this process and in a child until that begins its program.</summary>
    public string Link => $"/proc/self/fd/{handle.DangerousGetHandle()}";

    /// <summary>Opens what a trusted path names, links included; null where there is nothing.</summary>
    public static OpenedPath? Open(string path) => Open(null, path, PathAlone | CloseOnExec);

    /// <summary>Where a path leads in the end, without links; null where it leads nowhere.</summary>
    public static string? Resolve(string path)
    {
        var resolved = RealPath(path, 0);
        if (resolved == 0) return null;
        try
        {
            return Marshal.PtrToStringUTF8(resolved);
        }
        finally
        {
            Free(resolved);
        }
    }

    /// <summary>What lies below this folder, a link at the end as itself; null where there is nothing, or a link on the way.</summary>
    /// <param name="names">Of the folders on the way, and of what is looked for; none stands for the folder itself.</param>
    public OpenedPath? Find(IReadOnlyList<string> names)
    {
        var at = Open(handle, ".", PathAlone | CloseOnExec);
        foreach (var name in names)
        {
            if (at is null) return null;
            if (name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\0')) throw new ArgumentException("no name of a file", nameof(names));
            using var above = at;
            at = above.IsFolder ? Open(above.handle, name, PathAlone | CloseOnExec | NoFollow) : null;
        }
        return at;
    }

    /// <summary>Opens the content of a file.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public FileStream Read() => IsFile
        ? new FileStream(Link, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 })
        : throw new IOException("no file");

    /// <summary>The content of a file; null where it is none, has more bytes, or can't be read.</summary>
    public byte[]? ReadAll(int most)
    {
        if (!IsFile || Size > most) return null;
        try
        {
            using var file = Read();
            var content = new byte[Math.Min(most, (int)Size)];
            return content[..file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Dispose() => handle.Dispose();

    private static unsafe OpenedPath? Open(SafeFileHandle? folder, string name, int flags)
    {
        const int CurrentFolder = -100;
        var descriptor = folder is null ? OpenAt(CurrentFolder, name, flags) : OpenAt(folder, name, flags);
        if (descriptor < 0) return null;
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        // struct statx, the same on all machines: the mode is at 28, the size at 40.
        var status = stackalloc byte[256];
        const int EmptyPath = 0x1000;
        const uint TypeAndSize = 0x201;
        if (Status(handle, "", EmptyPath, TypeAndSize, status) == 0) return new OpenedPath(handle, *(ushort*)(status + 28) & TypeBits, *(long*)(status + 40));
        handle.Dispose();
        return null;
    }

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Status(SafeFileHandle folder, string name, int flags, uint wanted, byte* to);

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPath(string path, nint to);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);
}
