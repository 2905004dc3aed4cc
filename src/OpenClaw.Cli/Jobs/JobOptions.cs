using System.CommandLine;
using OpenClaw.Contracts;

namespace OpenClaw.Cli.Jobs;

/// <summary>What people say of a job that is to be made, now or by a schedule.</summary>
internal static class JobOptions
{
    private static readonly Option<string?> Requires = new("--requires")
    {
        Description = "Capabilities the worker must have, such as gpu,cuda",
        HelpName = "CAPS",
    };

    private static readonly Option<string?> Queue = new("--queue") { Description = "Into this queue", HelpName = "QUEUE" };
    private static readonly Option<int?> Priority = new("--priority") { Description = "1 comes first, 5 last; 3", HelpName = "N" };
    private static readonly Option<string?> Delay = new("--delay") { Description = "Not before so much time has passed, such as 10m", HelpName = "TIME" };
    private static readonly Option<string?> Expires = new("--expires") { Description = "Fail it where nobody starts it in that time", HelpName = "TIME" };
    private static readonly Option<string?> Timeout = new("--timeout") { Description = "End an attempt that takes longer", HelpName = "TIME" };
    private static readonly Option<int?> Attempts = new("--attempts") { Description = "Try it so many times at most; 1", HelpName = "N" };
    private static readonly Option<string[]> Tags = new("--tag") { Description = "A tag to find it by; may be given several times", HelpName = "TAG" };
    private static readonly Option<string?> Serial = new("--serial") { Description = "One at a time with others of this key", HelpName = "KEY" };
    private static readonly Option<string?> Unique = new("--unique") { Description = "Unless one with this key is unfinished", HelpName = "KEY" };

    private static readonly Option<string?> Webhook = new("--webhook")
    {
        Description = "Tell its end there: https://…, ntfy+https://ntfy.sh/topic or gotify+https://TOKEN@host",
        HelpName = "URL",
    };

    public static Argument<string> Command { get; } = new("COMMAND") { Description = "What to do, such as ping" };

    public static Argument<string> Payload { get; } = new("PAYLOAD")
    {
        Description = "What to do it with; - reads it from stdin",
        DefaultValueFactory = _ => "",
    };

    /// <summary>All but what it is: command and payload.</summary>
    public static IReadOnlyList<Option> All { get; } = [Requires, Queue, Priority, Delay, Expires, Timeout, Attempts, Tags, Serial, Unique, Webhook];

    /// <summary>The text itself, or what stdin holds.</summary>
    public static async Task<string> TextAsync(string text, CancellationToken stop) => text == "-" ? await Console.In.ReadToEndAsync(stop) : text;

    /// <exception cref="CommandException">A time is none.</exception>
    public static CreateJob Read(ParseResult parsed, string command, string payload) => new(command, payload)
    {
        Requires = parsed.GetValue(Requires) is { } caps
            ? new Requirements(caps.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            : null,
        Queue = parsed.GetValue(Queue),
        Priority = parsed.GetValue(Priority),
        DelaySeconds = Duration.Seconds(parsed, Delay),
        ExpiresInSeconds = Duration.Seconds(parsed, Expires),
        TimeoutSeconds = Duration.Seconds(parsed, Timeout),
        MaxAttempts = parsed.GetValue(Attempts),
        Tags = parsed.GetValue(Tags) is { Length: > 0 } tags ? tags : null,
        SerialKey = parsed.GetValue(Serial),
        Unique = parsed.GetValue(Unique) is { } unique ? new UniqueBody(unique) : null,
        Webhook = parsed.GetValue(Webhook) is { } url ? new WebhookBody(url) : null,
    };
}
