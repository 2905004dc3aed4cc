using System.Buffers.Binary;
using System.Text;

namespace OpenClaw.Crash.Tests.Power;

/// <summary>What a program had the disk do.</summary>
internal enum DiskCallKind : byte
{
    Create = (byte)'C',
    Write = (byte)'W',
    Truncate = (byte)'T',
    Unlink = (byte)'U',
    Rename = (byte)'R',
    Link = (byte)'L',

    /// <summary>All calls on this file, or names in this folder, before the one with the number <see cref="DiskCall.At"/> are on the disk.</summary>
    Sync = (byte)'S',

    /// <summary>As <see cref="Sync"/>, but it failed: what it should have covered may be lost, and no later sync covers it.</summary>
    FailedSync = (byte)'F',
}

/// <param name="At">Where a write begins, to what a file is cut, or what a sync covers.</param>
/// <param name="Bytes">What is written; of a rename and a link the new name.</param>
/// <param name="End">How much of the log ends with this call.</param>
internal sealed record DiskCall(DiskCallKind Kind, string Path, long At, ReadOnlyMemory<byte> Bytes, long End)
{
    private const int Head = 17;

    public string NewPath => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>Reads a log as <c>disk.c</c> writes it.</summary>
    public static List<DiskCall> Read(string log)
    {
        var bytes = File.ReadAllBytes(log);
        var calls = new List<DiskCall>();
        for (var at = 0; at < bytes.Length;)
        {
            var head = bytes.AsSpan(at, Head);
            var (path, count) = (BinaryPrimitives.ReadInt32LittleEndian(head[1..]), BinaryPrimitives.ReadInt32LittleEndian(head[5..]));
            var body = at + Head + path;
            calls.Add(new DiskCall((DiskCallKind)head[0], Encoding.UTF8.GetString(bytes, at + Head, path), BinaryPrimitives.ReadInt64LittleEndian(head[9..]),
                bytes.AsMemory(body, count), body + count));
            at = body + count;
        }
        return calls;
    }
}
