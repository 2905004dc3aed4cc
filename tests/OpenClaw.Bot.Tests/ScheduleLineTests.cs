using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;

namespace OpenClaw.Bot.Tests;

/// <summary>What people write behind "every".</summary>
public sealed class ScheduleLineTests
{
    private static readonly DiscordText Text = new();

    [Theory]
    [InlineData("monday 9:00 ping hello", "0 9 * * 1", "every Monday at 9:00")]
    [InlineData("Mondays at 09:05 ping hello", "5 9 * * 1", "every Monday at 9:05")]
    [InlineData("day 18:30 ping hello", "30 18 * * *", "every day at 18:30")]
    [InlineData("day at midnight ping hello", "0 0 * * *", "every day at 0:00")]
    [InlineData("weekday 7:15 ping hello", "15 7 * * 1,2,3,4,5", "every weekday at 7:15")]
    [InlineData("mon-fri 7.15 ping hello", "15 7 * * 1,2,3,4,5", "every weekday at 7:15")]
    [InlineData("weekend noon ping hello", "0 12 * * 0,6", "every Saturday and Sunday at 12:00")]
    [InlineData("monday and friday 9:00 ping hello", "0 9 * * 1,5", "every Monday and Friday at 9:00")]
    [InlineData("mon,fri 9:00 ping hello", "0 9 * * 1,5", "every Monday and Friday at 9:00")]
    [InlineData("fri, sun and wed at 9am ping hello", "0 9 * * 0,3,5", "every Wednesday, Friday and Sunday at 9:00")]
    [InlineData("saturday to monday 12:30 am ping hello", "30 0 * * 0,1,6", "every Monday, Saturday and Sunday at 0:30")]
    [InlineData("month on the 1st at 9:00 ping hello", "0 9 1 * *", "every month on the 1st at 9:00")]
    [InlineData("month on 15 and the 1st 9pm ping hello", "0 21 1,15 * *", "every month on the 1st and 15th at 21:00")]
    [InlineData("31st of the month at 9:00 ping hello", "0 9 31 * *", "every month on the 31st at 9:00, in months that have that day")]
    [InlineData("month on the last day at 9:00 ping hello", "0 9 L * *", "every month on the last day at 9:00")]
    [InlineData("15 minutes ping hello", 900, "every 15 minutes")]
    [InlineData("2 hours ping hello", 7200, "every 2 hours")]
    [InlineData("hour ping hello", 3600, "every hour")]
    [InlineData("90min ping hello", 5400, "every 90 minutes")]
    [InlineData("1 week ping hello", 604800, "every 7 days")]
    [InlineData("1 day ping hello", 86400, "every 24 hours")]
    public void ALineIsAScheduleAndSaysItselfInWords(string line, object when, string words)
    {
        var (read, refusal) = ScheduleLine.Read(line, Text);
        Assert.True(read is not null, refusal);
        Assert.Equal(new Recurrence(when as string, when as int?), read.When);
        Assert.Equal(words, read.When.InWords());
        Assert.Equal(("ping", "hello"), (read.Command.Name, read.Argument));
    }

    [Theory]
    [InlineData("day 9:00\nPING  two  spaces\nand a line", "ping", "two  spaces\nand a line")]
    [InlineData("hour capabilities of what", "capabilities", "")]
    [InlineData("hour /plan 15 minutes", "plan", "15 minutes")]
    public void WhatIsDoneIsAsInACommandOfItsOwn(string line, string command, string argument) =>
        Assert.Equal((command, argument), ScheduleLine.Read(line, Text).Line is { } read ? (read.Command.Name, read.Argument) : default);

    [Theory]
    [InlineData("", "I can't read when that is to be done.", "`every 15 minutes ping hello`")]
    [InlineData("9:00 ping hello", "I can't read when that is to be done.", "`every monday 9:00 ping hello`")]
    [InlineData("other day 9:00 ping", "I can't read when that is to be done.", "`every month on the 1st at 9:00 ping hello`")]
    [InlineData("monday ping hello", "At what time?", "`every monday 9:00 ping hello`")]
    [InlineData("monday at 9 ping", "such as 9:00 or 6:30pm", "`every monday 9:00 ping hello`")]
    [InlineData("monday 24:00 ping", "At what time?", "`every monday 9:00 ping hello`")]
    [InlineData("monday 13pm ping", "At what time?", "`every monday 9:00 ping hello`")]
    [InlineData("monday and `fooday` 9:00 ping", "`'fooday'` is no day of the week.", "`every monday 9:00 ping hello`")]
    [InlineData("monday to ping", "`ping` is no day of the week.", "`every monday 9:00 ping hello`")]
    [InlineData("month at 9:00 ping", "On which day of the month?", "`every month on the 1st at 9:00 ping hello`")]
    [InlineData("month on & 9:00 ping", "On which day of the month?", "`every month on the 1st at 9:00 ping hello`")]
    [InlineData("monday to", "I can't read when that is to be done.", "`every monday 9:00 ping hello`")]
    [InlineData("month on the 32nd at 9:00 ping", "`32nd` is no day of the month.", "`every month on the 1st at 9:00 ping hello`")]
    [InlineData("month on the last friday at 9:00 ping", "go without it", "`every month on the 1st at 9:00 ping hello`")]
    [InlineData("month on the 1st and last at 9:00 ping", "needs a schedule of its own", "`every month on the 1st at 9:00 ping hello`")]
    [InlineData("30 seconds ping", "Once a minute", "`every 15 minutes ping hello`")]
    [InlineData("0 minutes ping", "Once a minute", "`every 15 minutes ping hello`")]
    [InlineData("367 days ping", "Once a year", "`every 15 minutes ping hello`")]
    [InlineData("99999999999999999999999 hours ping", "Once a year", "`every 15 minutes ping hello`")]
    [InlineData("2 days at 9:00 ping", "goes with days", "`every monday 9:00 ping hello`")]
    [InlineData("day 9:00", "What is to be done every day at 9:00?", "`every monday 9:00 ping hello`")]
    [InlineData("day 9:00 dance", "`dance` is nothing that a schedule can do. It can: `ping <text>`, `capabilities`, `plan <text>`.", "For example")]
    [InlineData("day 9:00 approve 1", "`approve` is nothing that a schedule can do.", "For example")]
    [InlineData("day 9:00 plan", "`plan` needs something behind it: `plan <text>`.", "For example")]
    public void WhatCantBeReadIsRefusedWithASentenceAndAnExample(string line, string sentence, string example)
    {
        var (read, refusal) = ScheduleLine.Read(line, Text);
        Assert.Null(read);
        Assert.Contains(sentence, refusal, StringComparison.Ordinal);
        Assert.Contains(example, refusal, StringComparison.Ordinal);
        Assert.InRange(refusal!.Length, 1, 500);
    }

    [Theory]
    [InlineData("*/5 * * * *")]
    [InlineData("0 9 1 * 1")]
    [InlineData("0 9 * * 1-5")]
    [InlineData("0 0 9 * * 1")]
    [InlineData("0 9 * * MON")]
    [InlineData("@daily")]
    public void OtherCronIsLeftToStandForItself(string cron) => Assert.Null(new Recurrence(cron, null).InWords());
}
