using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using OpenClaw.Broker.Time;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Every log entry as one line, exceptions included.</summary>
internal sealed class LineFormatter(Clock clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";
    private const string Template = "{OriginalFormat}";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, null);
        var state = logEntry.State as IEnumerable<KeyValuePair<string, object?>> ?? [];
        var facts = state.Where(f => f.Key != Template && !message.Equals(f.Value)).Select(static f => (f.Key, f.Value))
            .Append(("Exception", logEntry.Exception is { } e ? $"{e.GetType().Name}: {e.Message}" : null))
            .Append(("At", logEntry is { LogLevel: >= LogLevel.Error, Exception.StackTrace: { } trace } ? trace.ReplaceLineEndings(" ") : null));
        textWriter.WriteLine(LogLine.Format(DateTimeOffset.FromUnixTimeMilliseconds(clock.Wall), Level(logEntry.LogLevel), message, facts));
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
