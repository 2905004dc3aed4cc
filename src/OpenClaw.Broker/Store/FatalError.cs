namespace OpenClaw.Broker.Store;

/// <summary>Ends the process when going on could lose or invent something.</summary>
internal sealed partial class FatalError(ILogger<FatalError> log)
{
    public void End(int exitCode, string message, Exception cause)
    {
        LogFatal(cause, message);
        Console.Error.WriteLine(message);
        Environment.Exit(exitCode);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Message}")]
    private partial void LogFatal(Exception cause, string message);
}
