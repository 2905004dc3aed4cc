using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>What a worker's token is bound to.</summary>
internal static class WorkerBinding
{
    /// <summary>The worker's name, trimmed; null where it is blank and the token is bound to none.</summary>
    /// <exception cref="ProblemException">403: the token does not speak for this worker.</exception>
    public static string? GetWorkerId(this HttpContext context)
    {
        var worker = RequestParts.WorkerId(context);
        var token = context.GetCaller().Token;
        if (token.WorkerPattern is null || worker is not null && token.MaySpeakFor(worker)) return worker;
        throw Forbidden(worker is null
            ? $"the token '{token.Name}' is bound to '{token.WorkerPattern}': send that worker's name as {HeaderNames.WorkerId}"
            : $"the token '{token.Name}' is bound to '{token.WorkerPattern}' and does not speak for another worker");
    }

    /// <summary>Checks names that a worker sent against those that its token allows.</summary>
    /// <param name="header">Where they were sent.</param>
    /// <param name="allowed">Null for all.</param>
    public static void Check(HttpContext context, string header, IEnumerable<string> sent, IReadOnlyList<string>? allowed)
    {
        if (allowed is not null && sent.FirstOrDefault(name => !allowed.Contains(name)) is not null)
        {
            throw Forbidden($"the token '{context.GetCaller().Token.Name}' allows in {header} only: {string.Join(", ", allowed)}");
        }
    }

    private static ProblemException Forbidden(string detail) => new(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, detail);
}
