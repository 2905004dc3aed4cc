using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>The commands that make schedules at the broker, show them and change them.</summary>
internal sealed class ScheduleCommands(IChatText text, Brokers brokers, ChatSettings settings, JobMessages messages)
{
    private const int Asked = 200;
    private const int ShownTimes = 3;
    private const int LongestShown = 150;
    private const int NameTries = 3;

    /// <summary>Left for the sentence that a cut list ends with.</summary>
    private const int Reserve = 100;

    private static string Example => $"{Commands.Every} {ScheduleLine.Example}";

    /// <summary>Makes a schedule of the words behind "every".</summary>
    public async Task MakeAsync(Conversation conversation, string words, CancellationToken stop)
    {
        var (line, refusal) = ScheduleLine.Read(words, text);
        if (line is null)
        {
            await conversation.TellAsync(refusal!);
            return;
        }
        await conversation.BeginAsync();
        await conversation.AnswerAsync(new MessageBody(await MakeAsync(conversation.Asked, line, stop)));
    }

    /// <summary>All schedules that the broker shows, by name.</summary>
    public async Task ListAsync(Conversation conversation, CancellationToken stop)
    {
        await conversation.BeginAsync();
        await conversation.AnswerAsync(await AskAsync("", async () =>
        {
            var page = await brokers.Of(conversation.Asked.UserId).ListSchedulesAsync(limit: Asked, stop: stop);
            return page.Schedules.Count == 0 ? $"There are no schedules yet. Try {text.Code(Example)}." : List(page);
        }));
    }

    /// <summary>Pauses, resumes or ends a schedule.</summary>
    public async Task ChangeAsync(Conversation conversation, string command, string wanted, CancellationToken stop)
    {
        await conversation.BeginAsync();
        var (broker, name) = (brokers.Of(conversation.Asked.UserId), wanted.Trim('`', '<', '>', ' '));
        var shown = text.Code(Clip(name));
        await conversation.AnswerAsync(await AskAsync(name, async () =>
        {
            switch (command)
            {
                case Commands.Pause:
                    await broker.PauseScheduleAsync(name, "paused in chat", stop);
                    return $"Schedule {shown} rests. {text.Code($"{Commands.Resume} {name}")} lets it go on.";
                case Commands.Resume:
                    await broker.ResumeScheduleAsync(name, stop);
                    return $"Schedule {shown} goes on. {text.Code(Commands.Schedules)} shows its next time.";
                default:
                    await broker.DeleteScheduleAsync(name, stop);
                    return $"Schedule {shown} is ended. The jobs that it made stay.";
            }
        }));
    }

    private async Task<string> MakeAsync(ChatEvent asked, ScheduleLine line, CancellationToken stop)
    {
        for (var tries = 1; ; tries++)
        {
            var name = NewName(line.Command.Name, asked.Id, tries);
            var schedule = new NewSchedule(name, new CreateJob(line.Command.BrokerCommand!, line.Argument))
            {
                Cron = line.When.Cron,
                EverySeconds = line.When.EverySeconds,
                TimeZone = settings.TimeZone.Id,
                Overlap = "skip",
            };
            try
            {
                return Made(await brokers.Of(asked.UserId).CreateScheduleAsync(schedule, stop), line);
            }
            catch (BrokerException e) when (e.Code == ErrorCodes.Exists && tries < NameTries)
            {
                // Another one has the name by chance.
            }
            catch (BrokerException e) when (e.WasLost)
            {
                return $"The broker's answer was lost, so it isn't known whether the schedule {text.Code(name)} was made. "
                    + $"{text.Code(Commands.Schedules)} shows it if it was; else ask again.";
            }
            catch (BrokerException e)
            {
                return messages.Refused(e, "");
            }
        }
    }

    private string Made(ScheduleView schedule, ScheduleLine line)
    {
        var what = text.Code(Clip($"{line.Command.Name} {line.Argument}".TrimEnd()));
        var made = new StringBuilder($"Schedule {text.Code(schedule.Name)}: {line.When.InWords()}, {what}. The next times ({Zone(settings.TimeZone.Id)}):");
        foreach (var next in schedule.Next.Take(ShownTimes)) made.Append("\n- ").Append(Time(next));
        return made.Append(CultureInfo.InvariantCulture,
            $"\n{text.Code($"{Commands.Pause} {schedule.Name}")} lets it rest, {text.Code($"{Commands.Unschedule} {schedule.Name}")} ends it.").ToString();
    }

    private string List(SchedulePage page)
    {
        var list = new StringBuilder($"Schedules, with their next times ({Zone(settings.TimeZone.Id)}):");
        var listed = 0;
        foreach (var line in page.Schedules.Select(Line))
        {
            if (list.Length + line.Length > text.LongestMessage - Reserve) break;
            list.Append('\n').Append(line);
            listed++;
        }
        var left = page.Schedules.Count - listed;
        if (left > 0 || page.Next is not null) list.Append(CultureInfo.InvariantCulture, $"\nand {left}{(page.Next is null ? "" : " or more")} others.");
        return list.ToString();
    }

    private string Line(ScheduleView schedule)
    {
        var when = new Recurrence(schedule.Cron, schedule.EverySeconds).InWords() ?? text.Code(Clip(schedule.Cron ?? "?"));
        var zone = schedule.Cron is null || schedule.TimeZone == settings.TimeZone.Id ? "" : $" ({Zone(schedule.TimeZone)})";
        var next = schedule switch
        {
            { Paused: not null } => text.Bold("paused"),
            { Next: [var tick, ..] } => "next " + Time(tick),
            _ => "no time to come",
        };
        var last = schedule.Last is { } job ? $", last {Ago(job.Tick)}: {text.Code($"{Commands.Status} {Clip(job.Job)}")}" : "";
        return $"{text.Code(Clip(schedule.Name))} {when}{zone}: {text.Inline(Clip(schedule.Command))}, {next}{last}";
    }

    /// <summary>What the broker made of it, or why there is nothing.</summary>
    /// <param name="name">The schedule that is asked about, if it is one.</param>
    private async Task<MessageBody> AskAsync(string name, Func<Task<string>> ask)
    {
        try
        {
            return new MessageBody(await ask());
        }
        catch (BrokerException e)
        {
            return new MessageBody(messages.Refused(e, $"There is no schedule {text.Code(Clip(name))}. {text.Code(Commands.Schedules)} lists them."));
        }
    }

    /// <summary>The command, and letters and digits that are not taken for one another.</summary>
    private static string NewName(string command, string asked, int tries)
    {
        const string Letters = "abcdefghjkmnpqrstuvwxyz23456789";
        const int Length = 4;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{asked}/{tries}"));
        return $"{command}-{string.Concat(hash.Take(Length).Select(b => Letters[b % Letters.Length]))}";
    }

    /// <summary>By the clock of the bot's time zone, and how far off that is.</summary>
    private string Time(long seconds)
    {
        if (Moment(seconds) is not { } moment) return "?";
        var there = TimeZoneInfo.ConvertTime(moment, settings.TimeZone);
        return string.Create(CultureInfo.InvariantCulture, $"{there:ddd d MMM yyyy, H:mm} ({text.Ago(moment)})");
    }

    private string Ago(long seconds) => Moment(seconds) is { } moment ? text.Ago(moment) : "?";

    private static DateTimeOffset? Moment(long seconds) => seconds is >= 0 and <= uint.MaxValue ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private string Zone(string name) => text.Inline(Clip(name));

    private static string Clip(string words) => JobMessages.Clip(words, LongestShown);
}
