using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using OpenClaw.Broker.Time;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Every log entry as one line of <see cref="LogLine"/>'s form: the message, which holds the facts, and the exception with its causes.</summary>
internal sealed class LineFormatter(Clock clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var level = Level(logEntry.LogLevel);
        textWriter.Write(Journal.Prefix(Console.Out, level)); // which the console's logger writes to in the end
        textWriter.WriteLine(LogLine.Format(DateTimeOffset.FromUnixTimeMilliseconds(clock.Wall), level,
            logEntry.Formatter(logEntry.State, null), logEntry.Exception));
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => "fatal",
        LogLevel.Error => "error",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        _ => "debug",
    };
}
