using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>
/// What a signature of a job covers: SHA-256 and ECDSA over P-256 of all that decides what is done. Who has taken over a broker can
/// neither change a signed job nor make one.
/// </summary>
public static class JobSignature
{
    private const string Version = "openclaw-job-1";
    private const DSASignatureFormat Format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;

    /// <summary>The job, signed.</summary>
    /// <param name="keyName">The name under which runners list the key.</param>
    /// <param name="notAfter">No runner starts it later, in seconds since 1970.</param>
    public static CreateJob Sign(CreateJob job, ECDsa key, string keyName, long notAfter)
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var requires = job.Requires is { } caps ? System.Text.Json.JsonSerializer.Serialize(caps, WireJson.Default.Requirements) : null;
        var value = key.SignData(Message(job.Command, job.Payload, requires, job.Queue, nonce, notAfter), HashAlgorithmName.SHA256, Format);
        return job with { Signature = new Signature(keyName, nonce, notAfter, Convert.ToBase64String(value)) };
    }

    /// <summary>Whether the key made this signature for this job.</summary>
    public static bool IsValid(JobView job, Signature signature, ECDsa key)
    {
        var value = new byte[64];
        if (!Convert.TryFromBase64String(signature.Value, value, out var length) || length != value.Length) return false;
        var message = Message(job.Command, job.Payload ?? "", job.Requires, job.Queue, signature.Nonce, signature.NotAfter);
        return key.VerifyData(message, value, HashAlgorithmName.SHA256, Format);
    }

    /// <summary>Each part behind its length in UTF-8, 4 bytes, big-endian: no part can run into the next.</summary>
    /// <param name="requires">The text as it was sent.</param>
    /// <param name="queue">Null for the default one.</param>
    private static byte[] Message(string command, string payload, string? requires, string? queue, string nonce, long notAfter)
    {
        using var message = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(int)];
        string[] parts = [Version, command, payload, requires ?? "", queue ?? "default", nonce, notAfter.ToString(CultureInfo.InvariantCulture)];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            message.Write(length);
            message.Write(bytes);
        }
        return message.ToArray();
    }
}
