using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Cli.Jobs;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Schedules;

/// <summary>What people say of a schedule's times and job, as the fields that the API takes.</summary>
internal static class ScheduleOptions
{
    private const string Nothing = "none";

    private static readonly Option<string?> Cron = new("--cron")
    {
        Description = "At these times: minute, hour, day of the month, month, day of the week, such as \"30 3 * * 1-5\"",
        HelpName = "CRON",
    };

    private static readonly Option<string?> Every = new("--every") { Description = "Every so often, such as 10m", HelpName = "TIME" };
    private static readonly Option<string?> TimeZone = new("--time-zone")
    {
        Description = "In which --cron is meant, such as Europe/Berlin; UTC",
        HelpName = "ZONE",
    };

    private static readonly Option<string?> CatchUp = Word("--catch-up",
        "Of ticks that passed while the broker was down: skip them, make one, or all; one", "skip", "one", "all");
    private static readonly Option<string?> CatchUpWindow = new("--catch-up-window") { Description = "Older ones are not made; 1h", HelpName = "TIME" };
    private static readonly Option<string?> Overlap = Word("--overlap",
        "While the job before has not ended: allow, skip, queue_one or cancel_other; allow", "allow", "skip", "queue_one", "cancel_other");
    private static readonly Option<string?> Jitter = new("--jitter") { Description = "Let each job wait a random time up to this", HelpName = "TIME" };
    private static readonly Option<string?> Start = new("--start") { Description = "No tick before, such as 2026-08-01; or none", HelpName = "WHEN" };
    private static readonly Option<string?> End = new("--end") { Description = "No tick after; or none", HelpName = "WHEN" };

    private static readonly Option<string?> CommandName = new("--command") { Description = "What to do from now on", HelpName = "COMMAND" };
    private static readonly Option<string?> Payload = new("--payload") { Description = "What to do it with; - reads it from stdin", HelpName = "TEXT" };

    public static Command AddNew(Command command)
    {
        command.Add(JobOptions.Command);
        command.Add(JobOptions.Payload);
        return AddBoth(command);
    }

    public static Command AddChange(Command command)
    {
        command.Add(CommandName);
        command.Add(Payload);
        return AddBoth(command);
    }

    /// <summary>Of a new schedule.</summary>
    /// <exception cref="CommandException">Something is wrong.</exception>
    public static async Task<JsonObject> ReadNewAsync(string name, Invocation invocation)
    {
        var parsed = invocation.Parsed;
        var fields = Times(parsed);
        if (!fields.ContainsKey("cron") && !fields.ContainsKey("every_seconds"))
        {
            throw new CommandException("it has no times. Give --cron, such as --cron \"30 3 * * 1-5\", or --every, such as --every 10m.", ExitCodes.Usage);
        }
        fields["name"] = name;
        fields["job"] = Job(parsed, parsed.GetValue(JobOptions.Command)!,
            await JobOptions.TextAsync(parsed.GetValue(JobOptions.Payload)!, invocation.Stop));
        return fields;
    }

    /// <summary>Of one that is there, and whose job keeps what is not named; empty where nothing is.</summary>
    /// <exception cref="CommandException">Something is wrong.</exception>
    public static async Task<JsonObject> ReadChangeAsync(ScheduleView before, Invocation invocation)
    {
        var parsed = invocation.Parsed;
        var fields = Times(parsed);
        if (!JobOptions.All.Append(CommandName).Append(Payload).Any(o => parsed.GetResult(o) is { Implicit: false })) return fields;
        var job = (JsonObject?)before.Job?.DeepClone() ?? [];
        var payload = parsed.GetValue(Payload) is { } text ? await JobOptions.TextAsync(text, invocation.Stop) : null;
        foreach (var (name, value) in Job(parsed, parsed.GetValue(CommandName) ?? Text(job, "command"), payload ?? Text(job, "payload")))
        {
            job[name] = value?.DeepClone();
        }
        fields["job"] = job;
        return fields;
    }

    private static Command AddBoth(Command command)
    {
        foreach (var option in (Option[])[Cron, Every, TimeZone, CatchUp, CatchUpWindow, Overlap, Jitter, Start, End]) command.Add(option);
        foreach (var option in JobOptions.All) command.Add(option);
        return command;
    }

    private static Option<string?> Word(string name, string description, params string[] words)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "WORD" };
        option.AcceptOnlyFromAmong(words);
        return option;
    }

    /// <summary>What is said of its times, by the API's names.</summary>
    private static JsonObject Times(ParseResult parsed)
    {
        var fields = new JsonObject();
        if (parsed.GetValue(Cron) is { } cron) fields["cron"] = cron;
        if (Duration.Seconds(parsed, Every) is { } every) fields["every_seconds"] = every;
        if (parsed.GetValue(TimeZone) is { } zone) fields["time_zone"] = zone;
        if (parsed.GetValue(CatchUp) is { } catchUp) fields["catch_up"] = catchUp;
        if (Duration.Seconds(parsed, CatchUpWindow) is { } window) fields["catch_up_window_seconds"] = window;
        if (parsed.GetValue(Overlap) is { } overlap) fields["overlap"] = overlap;
        if (Duration.Seconds(parsed, Jitter) is { } jitter) fields["jitter_seconds"] = jitter;
        if (parsed.GetValue(Start) is { } start) fields["start_at"] = start == Nothing ? null : Moment.Parse(Start.Name, start);
        if (parsed.GetValue(End) is { } end) fields["end_at"] = end == Nothing ? null : Moment.Parse(End.Name, end);
        return fields;
    }

    /// <summary>The fields of the job that are named.</summary>
    private static JsonObject Job(ParseResult parsed, string command, string payload)
    {
        var job = (JsonObject)JsonSerializer.SerializeToNode(JobOptions.Read(parsed, command, payload), WireJson.Default.CreateJob)!;
        if (job["requires"] is null) job.Remove("requires");
        return job;
    }

    private static string Text(JsonObject job, string name) => job[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
