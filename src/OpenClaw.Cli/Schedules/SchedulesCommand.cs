using System.CommandLine;
using OpenClaw.Cli.Jobs;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Schedules;

/// <summary><c>schedules</c>: lists what makes jobs by itself; makes, shows, changes and drives it.</summary>
internal static class SchedulesCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The schedule's name" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; shown with the schedule", HelpName = "TEXT" };
    private static readonly Option<string> From = new("--from") { Description = "The first time, such as 2026-08-01", HelpName = "WHEN", Required = true };
    private static readonly Option<string?> To = new("--to") { Description = "The last time; now", HelpName = "WHEN" };

    public static Command Create()
    {
        var schedules = Invocation.Of(new Command("schedules", "List schedules; make, change and drive them"), ListAsync);
        schedules.Add(Invocation.Of(new Command("show", "Show a schedule and its job") { Name }, ShowAsync));
        schedules.Add(Invocation.Of(ScheduleOptions.AddNew(new Command("create", "Make a schedule; the job is said as with `submit`") { Name }), CreateAsync));
        schedules.Add(Invocation.Of(ScheduleOptions.AddChange(new Command("set", "Change a schedule; what is not named stays") { Name }), SetAsync));
        schedules.Add(Invocation.Of(new Command("pause", "Let a schedule make no jobs until `resume`") { Name, Reason }, PauseAsync));
        schedules.Add(Invocation.Of(new Command("resume", "Let a paused schedule make jobs again") { Name }, ResumeAsync));
        schedules.Add(Invocation.Of(new Command("run", "Make its job now, beside its times; prints the job's id") { Name }, RunAsync));
        schedules.Add(Invocation.Of(new Command("preview", "Show its next ten times") { Name }, PreviewAsync));
        schedules.Add(Invocation.Of(new Command("backfill", "Make the jobs of past times that have none") { Name, From, To }, BackfillAsync));
        schedules.Add(Invocation.Of(new Command("delete", "Delete a schedule; its jobs stay") { Name, Confirmation.Yes }, DeleteAsync));
        return schedules;
    }

    private static async Task<int> ListAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var schedules = new List<ScheduleView>();
        string? next = null;
        do
        {
            var page = await broker.ListSchedulesAsync(next, stop: invocation.Stop);
            schedules.AddRange(page.Schedules);
            next = page.Next;
        }
        while (next is not null);
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(new SchedulePage(schedules, null), WireJson.Default.SchedulePage));
        else if (schedules.Count == 0) invocation.Messages.Say("no schedules; `clawctl schedules create` makes one");
        else Table.Print(ScheduleText.Header, schedules.Select(ScheduleText.Row));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(Invocation invocation)
    {
        var schedule = await invocation.Connect().Broker.GetScheduleAsync(Named(invocation), invocation.Stop);
        Console.Out.Write(invocation.AsJson ? JobText.Json(schedule, WireJson.Default.ScheduleView) + "\n" : ScheduleText.Describe(schedule));
        return ExitCodes.Ok;
    }

    private static async Task<int> CreateAsync(Invocation invocation)
    {
        var name = Named(invocation);
        var fields = await ScheduleOptions.ReadNewAsync(name, invocation);
        try
        {
            return Print(await invocation.Connect().Broker.CreateScheduleAsync(fields, invocation.Stop), invocation);
        }
        catch (BrokerException e) when (e.Code == ErrorCodes.Exists)
        {
            throw new CommandException($"there is a schedule '{name}' already. Change it with `clawctl schedules set`, or choose another name.",
                ExitCodes.Usage);
        }
    }

    private static async Task<int> SetAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var before = await broker.GetScheduleAsync(Named(invocation), invocation.Stop);
        var fields = await ScheduleOptions.ReadChangeAsync(before, invocation);
        if (fields.Count == 0)
        {
            throw new CommandException("nothing is to change. Name what is, such as --cron \"0 4 * * *\"; `clawctl schedules set --help` shows all.",
                ExitCodes.Usage);
        }
        return Print(await broker.ChangeScheduleAsync(before.Name, fields, before.Version, invocation.Stop), invocation);
    }

    private static async Task<int> PauseAsync(Invocation invocation) => Print(await invocation.Connect().Broker.PauseScheduleAsync(
        Named(invocation), invocation.Parsed.GetValue(Reason), invocation.Stop), invocation);

    private static async Task<int> ResumeAsync(Invocation invocation) =>
        Print(await invocation.Connect().Broker.ResumeScheduleAsync(Named(invocation), invocation.Stop), invocation);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var answer = await invocation.Connect().Broker.RunScheduleAsync(Named(invocation), invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.RunSchedule) : VisibleText.Of(answer.Id));
        return ExitCodes.Ok;
    }

    private static async Task<int> PreviewAsync(Invocation invocation)
    {
        var ticks = await invocation.Connect().Broker.PreviewScheduleAsync(Named(invocation), invocation.Stop);
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(ticks, WireJson.Default.ScheduleTicks));
        else foreach (var tick in ticks.Next) Console.Out.WriteLine(JobText.Time(tick));
        if (ticks.Next.Count == 0) invocation.Messages.Say("no more times: it has come to its end");
        return ExitCodes.Ok;
    }

    private static async Task<int> BackfillAsync(Invocation invocation)
    {
        var from = Moment.Parse(From.Name, invocation.Parsed.GetValue(From)!);
        var to = invocation.Parsed.GetValue(To) is { } text ? Moment.Parse(To.Name, text) : TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var answer = await invocation.Connect().Broker.BackfillScheduleAsync(Named(invocation), new BackfillBody(from, to), invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.BackfilledSchedule)
            : $"{answer.Made} jobs made; {answer.Ticks - answer.Made} of {answer.Ticks} times had theirs");
        return ExitCodes.Ok;
    }

    private static async Task<int> DeleteAsync(Invocation invocation)
    {
        var name = Named(invocation);
        if (!await Confirmation.AskAsync($"Delete the schedule {name}?", invocation)) return ExitCodes.Failed;
        var answer = await invocation.Connect().Broker.DeleteScheduleAsync(name, invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.DeletedSchedule) : VisibleText.Of($"deleted {answer.Name}"));
        return ExitCodes.Ok;
    }

    private static string Named(Invocation invocation) => invocation.Parsed.GetValue(Name)!;

    private static int Print(ScheduleView schedule, Invocation invocation)
    {
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(schedule, WireJson.Default.ScheduleView)
            : VisibleText.Of($"{schedule.Name}: {ScheduleText.Rhythm(schedule)}, next {ScheduleText.Next(schedule)}"));
        return ExitCodes.Ok;
    }

    private static int Print(PausedSchedule answer, Invocation invocation)
    {
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.PausedSchedule)
            : VisibleText.Of($"{answer.Name}: {(answer.Paused ? "paused" : "goes on")}"));
        return ExitCodes.Ok;
    }
}
