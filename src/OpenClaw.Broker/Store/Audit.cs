using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenClaw.Broker.Store;

/// <summary>What somebody did. It is written with the change itself.</summary>
/// <param name="At">Milliseconds since 1970, on the wall clock.</param>
/// <param name="Actor">The caller's name: a token's, or <c>person via token</c>.</param>
/// <param name="Action">A word such as <c>job.create</c>.</param>
/// <param name="Target">The id or name of what it was done to.</param>
internal sealed record AuditEntry(long At, string Actor, string Action, string? Target = null, string? Detail = null);

/// <summary>The links of the audit: each holds what one transaction noted, and a hash over that and the link before it.</summary>
internal static class AuditChain
{
    /// <summary>What the first link follows.</summary>
    public static readonly byte[] Beginning = new byte[SHA256.HashSizeInBytes];

    /// <summary>The hash of link <paramref name="n"/>: SHA-256 over the hash before it, its number (8 bytes, big-endian) and its text in UTF-8.</summary>
    public static byte[] Next(ReadOnlySpan<byte> previous, long n, ReadOnlySpan<byte> entries)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(number, n);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        hash.AppendData(number);
        hash.AppendData(entries);
        return hash.GetHashAndReset();
    }

    /// <inheritdoc cref="Next(ReadOnlySpan{byte}, long, ReadOnlySpan{byte})"/>
    public static byte[] Next(ReadOnlySpan<byte> previous, long n, string entries) => Next(previous, n, Encoding.UTF8.GetBytes(entries));
}
