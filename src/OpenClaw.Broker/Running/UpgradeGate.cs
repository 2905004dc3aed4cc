using System.Security.Cryptography;
using System.Text;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Running;

/// <summary>
/// While a new version is being checked, it answers only whoever checks it, so that the old one can come back over the copy that
/// was made before and nothing acknowledged is lost. The gate is a file beside the database that holds a token; it opens when the
/// file is deleted, at the latest after a quarter of an hour.
/// </summary>
internal sealed partial class UpgradeGate(BrokerOptions options, TimeProvider clock, ILogger<UpgradeGate> log)
{
    public const string Header = "X-Gate-Token";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    private const int RetrySeconds = 5;
    private readonly byte[]? token = ReadToken(options.DatabasePath) is { } read ? Encoding.UTF8.GetBytes(read) : null;
    private readonly long shutAt = clock.GetTimestamp();
    private volatile bool isOpen;

    /// <summary>Whether there is one. Where not, no request is looked at.</summary>
    public bool IsShut => token is not null && !isOpen;

    /// <summary>The token of the gate before this database; null where there is none.</summary>
    public static string? ReadToken(string database)
    {
        try
        {
            return File.ReadAllText(PathOf(database)).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Lets through who has the token.</summary>
    /// <exception cref="ProblemException">503.</exception>
    public Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsShut || Holds(context.Request.Headers[Header].ToString()) || Opens()) return next(context);
        throw new ProblemException(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Busy,
            "not executed: a new version of the broker is being checked; try again in a few seconds") { RetryAfter = RetrySeconds };
    }

    private bool Holds(string sent) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(sent)), SHA256.HashData(token!));

    private bool Opens()
    {
        var isLate = clock.GetElapsedTime(shutAt) >= Longest;
        if (!isLate && File.Exists(PathOf(options.DatabasePath))) return false;
        if (isLate) LogLate(PathOf(options.DatabasePath));
        else LogOpen();
        return isOpen = true;
    }

    private static string PathOf(string database) => database + ".gate";

    [LoggerMessage(Level = LogLevel.Information, Message = "The upgrade's check is over: all requests are answered")]
    private partial void LogOpen();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody ended the upgrade's check ({File} is still there): all requests are answered. Delete that file")]
    private partial void LogLate(string file);
}
