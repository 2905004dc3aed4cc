using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenClaw.Testing.Decisions;

/// <summary>What a yes is said to, counted as docs/protocol.md has it and not as the broker does.</summary>
public static class Digest
{
    public static string Of(string command, string payload, string requires, string queue, string schedule, string definition = "")
    {
        using var bytes = new MemoryStream();
        foreach (var text in (string[])["1", command, payload, requires, queue, schedule, definition])
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, Encoding.UTF8.GetByteCount(text));
            bytes.Write(length);
            bytes.Write(Encoding.UTF8.GetBytes(text));
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }
}
