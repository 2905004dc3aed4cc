using System.Buffers;

namespace OpenClaw.Broker.Http;

/// <summary>The place in a list after which the next page begins; nobody else has to know what it says.</summary>
internal static class Cursor
{
    public static string Write(long place) => Convert.ToHexStringLower(BitConverter.GetBytes(place));

    /// <summary>Null of an empty text: the list's beginning.</summary>
    /// <exception cref="ProblemException">422: it is none.</exception>
    public static long? Read(string text)
    {
        if (text.Length == 0) return null;
        var bytes = new byte[sizeof(long)];
        return Convert.FromHexString(text, bytes, out _, out var written) == OperationStatus.Done && written == bytes.Length
            ? BitConverter.ToInt64(bytes)
            : throw ProblemException.BadQuery("cursor", "must be the 'next' of the page before");
    }
}
