using Microsoft.AspNetCore.Connections;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>Turns what went wrong into an answer that says what, and whether to try again.</summary>
internal sealed partial class Errors(ILogger<Errors> log)
{
    private const int RetrySeconds = 2;

    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            RequestBody.CheckFraming(context);
            await next(context);
        }
        catch (Exception e) when (e is ConnectionResetException || e.InnerException is ConnectionAbortedException
            || e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // nobody is left to answer, and nothing more to read
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await Answer.SendProblemAsync(context, Translate(e, context.TraceIdentifier));
            return;
        }
        catch (Exception e)
        {
            LogCutOff(e, context.TraceIdentifier);
            context.Abort();
            return;
        }
        if (context.Response is { HasStarted: false, ContentLength: null,
            StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed } response)
        {
            await Answer.SendProblemAsync(context, response.StatusCode == StatusCodes.Status404NotFound
                ? new ProblemException(response.StatusCode, ErrorCodes.NotFound, "no such path; the API's paths are in docs/protocol.md")
                : new ProblemException(response.StatusCode, ErrorCodes.MethodNotAllowed,
                    $"this path does not take {context.Request.Method}; it takes {response.Headers.Allow}"));
        }
    }

    /// <summary>What a caller is told of what went wrong.</summary>
    public ProblemException Translate(Exception e, string requestId)
    {
        switch (e)
        {
            case ProblemException problem:
                return problem;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new ProblemException(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge,
                    "the body is over this path's limit; send less, or raise the limit in the broker's configuration");
            case InvalidDataException form:
                return ProblemException.BadRequest(form.Message);
            case BadHttpRequestException bad:
                return new ProblemException(bad.StatusCode, ErrorCodes.BadRequest, bad.Message);
            case StorageBusyException:
                return new ProblemException(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Busy,
                    $"not executed: {e.Message}; try again") { RetryAfter = RetrySeconds };
            case StorageFullException:
                return new ProblemException(StatusCodes.Status507InsufficientStorage, ErrorCodes.StorageFull,
                    $"not executed: {e.Message}") { RetryAfter = RetrySeconds };
            case OrleansMessageRejectionException:
                return new ProblemException(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Busy,
                    "not executed: the job was just leaving memory; try again") { RetryAfter = RetrySeconds };
            case StorageFailedException:
                LogNotWritten(requestId, e.Message);
                return new ProblemException(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Busy,
                    "not executed: the database refused the write; the broker's log says why") { RetryAfter = RetrySeconds };
            case OutOfMemoryException:
                return new ProblemException(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Busy,
                    "the broker is short of memory; the request may or may not have been executed, so look at the job before you repeat it")
                {
                    RetryAfter = RetrySeconds,
                };
            default:
                LogUnexpected(e, requestId);
                return new ProblemException(StatusCodes.Status500InternalServerError, ErrorCodes.Internal,
                    "the broker failed at this request; it may or may not have been executed, so look at the job before you repeat it");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} failed")]
    private partial void LogUnexpected(Exception e, string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The answer to request {RequestId} was cut off")]
    private partial void LogCutOff(Exception e, string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} was not executed: {Why}")]
    private partial void LogNotWritten(string requestId, string why);
}
