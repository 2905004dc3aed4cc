using System.Net;
using System.Net.Sockets;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>A call to the broker failed: it refused, was out of reach, did not answer in time, or its answer can't be read.</summary>
public sealed class BrokerException : Exception
{
    private BrokerException(string message, Exception? cause = null) : base(message, cause)
    {
    }

    /// <summary>The HTTP status; 0 where there was no answer.</summary>
    public int Status { get; private init; }

    /// <summary>One of <see cref="ErrorCodes"/>; null from the Python broker, and from what is no broker.</summary>
    public string? Code { get; private init; }

    /// <summary>In a 409: the job's state now.</summary>
    public string? State { get; private init; }

    /// <summary>How long the broker asks to wait, a minute at most.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>No connection came about: the broker has certainly not seen the request.</summary>
    public bool NeverArrived { get; private init; }

    /// <summary>What answered does not speak like a broker.</summary>
    public bool IsUnreadable { get; private init; }

    /// <summary>No answer came: the broker can't be reached, or it did not answer in time.</summary>
    public bool IsAway => Status == 0;

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    public bool IsPassing => IsAway || Status is (int)HttpStatusCode.TooManyRequests or (int)HttpStatusCode.RequestTimeout or >= 500;

    /// <summary>Whether the broker may have done what was asked, and only its answer was lost.</summary>
    public bool WasLost => !NeverArrived && (IsAway
        || (IsUnreadable && Status < 300)
        || (Status >= 500 && Status is not ((int)HttpStatusCode.ServiceUnavailable or (int)HttpStatusCode.InsufficientStorage)));

    /// <summary>What an answer about many refuses of one of them.</summary>
    public static BrokerException Of(Problem problem) =>
        Refused(problem.Status ?? 500, BrokerAnswer.Describe(problem.Detail) ?? "refused without a reason", problem.Code, problem.State, retryAfter: null);

    internal static BrokerException Refused(int status, string detail, string? code, string? state, TimeSpan? retryAfter) =>
        new(detail) { Status = status, Code = code, State = state, RetryAfter = retryAfter };

    /// <summary>An answer with a status that says no, and without a broker's words: a proxy's page, perhaps.</summary>
    internal static BrokerException RefusedWithoutWords(int status, string? reason, TimeSpan? retryAfter) =>
        new($"HTTP {status} {reason}".TrimEnd()) { Status = status, IsUnreadable = true, RetryAfter = retryAfter };

    internal static BrokerException Unreadable(int status, Uri url, string why, Exception? cause = null) =>
        new($"{url} does not answer like a broker: {why}", cause) { Status = status, IsUnreadable = true };

    internal static BrokerException Away(HttpRequestException cause) => new(cause.Message, cause)
    {
        NeverArrived = cause.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
    };

    /// <summary>A connection that broke while it was made: HttpClient lets this one through as it is.</summary>
    internal static BrokerException Away(SocketException cause) => new(cause.Message, cause) { NeverArrived = true };

    internal static BrokerException AnswerBroken(IOException cause) => new(cause.Message, cause);

    internal static BrokerException TooSlow(TimeSpan patience) => new($"no answer within {patience.TotalSeconds:0} s");
}
