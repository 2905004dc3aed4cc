using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenClaw.Contracts;

/// <summary>What a person says yes to, as one number: SHA-256 over texts in UTF-8, each behind its length in 4 bytes, big-endian.</summary>
public static class JobDigest
{
    private const string Format = "1";

    /// <summary>Of a job, in lower-case hexadecimal. Broker and runner compute it each for itself.</summary>
    /// <param name="payload">UTF-8.</param>
    /// <param name="requires">As it was sent.</param>
    /// <param name="definition">What the command runs; null where no worker has said.</param>
    public static string Of(string command, ReadOnlySpan<byte> payload, string? requires, string queue, string? schedule, string? definition)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Format);
        Append(hash, command);
        Append(hash, payload);
        foreach (var text in (ReadOnlySpan<string?>)[requires, queue, schedule, definition]) Append(hash, text ?? "");
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of a list of texts, in lower-case hexadecimal: no text can run into the next.</summary>
    public static string Of(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts) Append(hash, text);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string text) => Append(hash, Encoding.UTF8.GetBytes(text));

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> text)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
        hash.AppendData(length);
        hash.AppendData(text);
    }
}
