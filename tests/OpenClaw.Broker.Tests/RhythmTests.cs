using System.Globalization;
using CsCheck;
using OpenClaw.Broker.Schedules;

namespace OpenClaw.Broker.Tests;

/// <summary>When schedules tick, against a plain model that looks at every minute or second there is.</summary>
public sealed class RhythmTests
{
    private const long Minute = 60_000;
    private const long Day = 24 * 60 * Minute;
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];

    /// <summary>Days on which clocks change in one of the zones, and one on which none does.</summary>
    private static readonly string[] Days =
        ["2026-03-08", "2026-03-29", "2026-04-05", "2026-07-15", "2026-10-04", "2026-10-25", "2026-11-01"];

    private sealed record Fields(int[] Minutes, int[] Hours, int[] WeekDays)
    {
        public string Cron => $"{Text(Minutes, 60)} {Text(Hours, 24)} * * {Text(WeekDays, 7)}";

        public bool Match(DateTime local) =>
            Minutes.Contains(local.Minute) && Hours.Contains(local.Hour) && WeekDays.Contains((int)local.DayOfWeek);

        private static string Text(int[] values, int all) => values.Length == all ? "*" : string.Join(',', values);
    }

    private static Gen<int[]> Some(int count) =>
        Gen.OneOf(Gen.Const(Enumerable.Range(0, count).ToArray()), Gen.Int[0, count - 1].Array[1, 4].Select(v => v.Distinct().Order().ToArray()));

    private static readonly Gen<(string Zone, Fields Fields, long At)> Crons = Gen.Select(Gen.Int[0, 4].Select(i => Zones[i]), Some(60), Some(24), Some(7),
        Gen.Int[0, 6].Select(i => Days[i]), Gen.Long[-Day, Day],
        (zone, minutes, hours, days, day, shift) => (zone, new Fields(minutes, hours, days), Ms(day + "T00:00:00Z") + shift));

    [Fact]
    public void CronTicksAtTheLocalTimesThatItNames() => Crons.Sample(static c =>
    {
        var at = Ms("2026-07-15T00:00:00Z") + c.At % (40 * Day) / 2; // a month in which none of the zones changes its clocks
        var zone = TimeZoneInfo.FindSystemTimeZoneById(c.Zone);
        var rhythm = Rhythm.Of(Named(c.Fields.Cron, c.Zone));
        var model = Enumerable.Range(0, 3 * 24 * 60).Select(m => at / Minute * Minute + m * Minute)
            .Where(m => m >= at && c.Fields.Match(TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddMilliseconds(m), zone)));
        var end = at / Minute * Minute + 3 * Day;
        Assert.Equal(model, rhythm.AllFrom(at).TakeWhile(t => t < end));
        if (rhythm.From(at) != at) Assert.Equal(rhythm.From(at), rhythm.After(at));
    }, iter: 300);

    /// <summary>Also on the days on which clocks change.</summary>
    [Fact]
    public void TicksAreTheSameWhereverOneBeginsToLook() => Gen.Select(Crons, Gen.Int[0, 48 * 60], Gen.Int[1, 100]).Sample(static (c, minutes, most) =>
    {
        var rhythm = Rhythm.Of(Named(c.Fields.Cron, c.Zone));
        var (middle, end) = (c.At / Minute * Minute + minutes * Minute, c.At + 2 * Day);
        var ticks = rhythm.AllFrom(c.At).TakeWhile(t => t <= end).ToList();
        Assert.Equal(ticks, ticks.Distinct().Order());
        foreach (var begin in ticks.Take(100).SelectMany(static t => (long[])[t - 1, t, t + 1]).Append(middle).Where(t => t >= c.At && t <= end))
        {
            var expected = ticks.Where(t => t >= begin).Select(static t => (long?)t).FirstOrDefault();
            Assert.Equal(expected, rhythm.From(begin) is { } tick && tick <= end ? tick : null);
        }
        Assert.Equal(ticks.TakeLast(most), rhythm.Latest(c.At, end, most));
        Assert.Equal(ticks.Count(t => t < end), rhythm.Count(c.At, end, 1_000_000));
    }, iter: 300);

    [Fact]
    public void IntervalsCountFromTheStartOrFromWhenTheyWereMade() => Gen.Select(
        Gen.Int[1, 100], Gen.Long[0, 300_000], Gen.Long[0, 300].Nullable(), Gen.Long[0, 600].Nullable(), Gen.Long[0, 700_000], Gen.Int[0, 30])
        .Sample(static (seconds, created, start, end, at, most) =>
        {
            var schedule = new Schedule { Name = "s", EverySeconds = seconds, CreatedAt = created, StartAt = start * 1000, EndAt = end * 1000 };
            var rhythm = Rhythm.Of(schedule);
            var first = start ?? created / 1000 + seconds;
            var model = new List<long>();
            for (var s = first; s <= (end ?? 2000); s += seconds) model.Add(s * 1000);
            Assert.Equal(model.Where(t => t >= at), rhythm.AllFrom(at).TakeWhile(static t => t <= 2_000_000));
            Assert.Equal(model.Where(t => t <= at).TakeLast(most), rhythm.Latest(0, at, most));
            Assert.Equal(Math.Min(most, model.Count(t => t >= at && t < at + 100_000)), rhythm.Count(at, at + 100_000, most));
        }, iter: 2000);

    /// <summary>
    /// Spring: what falls into the hour that is left out comes at its end. Autumn: a time of day comes once, at its first; what comes every so
    /// often goes on through both hours.
    /// </summary>
    [Theory]
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z")]
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z")]
    [InlineData("Europe/Berlin", "30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T00:30:00Z 2026-03-29T01:00:00Z 2026-03-29T01:30:00Z")]
    [InlineData("Europe/Berlin", "30 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z 2026-10-25T02:30:00Z")]
    [InlineData("America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z")]
    [InlineData("America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z")]
    [InlineData("America/New_York", "*/30 * * * *", "2026-11-01T05:30:00Z",
        "2026-11-01T05:30:00Z 2026-11-01T06:00:00Z 2026-11-01T06:30:00Z 2026-11-01T07:00:00Z")]
    [InlineData("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z")]
    [InlineData("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z", "2026-04-04T14:45:00Z 2026-04-05T15:15:00Z")]
    [InlineData("Australia/Lord_Howe", "*/15 * * * *", "2026-04-04T14:40:00Z",
        "2026-04-04T14:45:00Z 2026-04-04T15:00:00Z 2026-04-04T15:15:00Z 2026-04-04T15:30:00Z 2026-04-04T15:45:00Z")]
    public void ChangedClocksNeitherLoseNorDoubleATick(string zone, string cron, string from, string ticks)
    {
        var expected = ticks.Split(' ').Select(Ms).ToList();
        Assert.Equal(expected, Rhythm.Of(Named(cron, zone)).AllFrom(Ms(from)).Take(expected.Count));
    }

    [Fact]
    public void SixFieldsBeginWithTheSecond() =>
        Assert.Equal([Ms("2026-06-01T00:00:10Z"), Ms("2026-06-01T00:00:40Z")], Rhythm.Of(Named("10/30 * * * * *", "UTC"))
            .AllFrom(Ms("2026-06-01T00:00:00Z")).Take(2));

    [Theory]
    [InlineData("* * * *", "cron", "it has 4 fields")]
    [InlineData("", "cron", "it has 0 fields")]
    [InlineData("61 * * * *", "cron", "Minutes: Value must be a number between 0 and 59")]
    [InlineData("H * * * *", "cron", "seed")]
    [InlineData("0 0 30 2 *", "cron", "no such day ever comes")]
    public void WrongExpressionIsToldWithARightOne(string cron, string field, string why)
    {
        var wrong = Assert.Throws<RhythmException>(() => Rhythm.Of(Named(cron, "UTC")));
        Assert.Equal(field, wrong.WrongField);
        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("\"30 3 * * 1-5\"", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Europe/Nowhere")]
    [InlineData("europe/berlin")]
    [InlineData("../etc/passwd")]
    [InlineData("")]
    public void UnknownZoneIsToldWithARightOne(string zone)
    {
        Rhythm.Zone("Europe/Berlin");
        var wrong = Assert.Throws<RhythmException>(() => Rhythm.Of(Named("* * * * *", zone)));
        Assert.Equal(("time_zone", true), (wrong.WrongField, wrong.Message.Contains("\"Europe/Berlin\"", StringComparison.Ordinal)));
    }

    private sealed record Late(int Seconds, CatchUp Policy, int Window, long First, long Now, bool IsTried);

    /// <summary>Every tick up to now is made or counted, none twice, and which is as the policy says.</summary>
    [Fact]
    public void DueTicksAreThoseOfThePolicy() => Gen.Select(
        Gen.Int[1, 40], Gen.Enum<CatchUp>(), Gen.Int[0, 200], Gen.Int[1, 50], Gen.Long[-20_000, 1_300_000], Gen.Bool,
        static (seconds, policy, window, first, late, tried) =>
            new Late(seconds, policy, window, first * seconds * 1000L, first * seconds * 1000L + late, tried))
        .Sample(static late =>
        {
            var schedule = new Schedule
            {
                Name = "s", EverySeconds = late.Seconds, StartAt = 0, NextTick = late.First, CatchUp = late.Policy, CatchUpWindowSeconds = late.Window,
            };
            var all = new List<long>();
            for (var t = late.First; t <= late.Now; t += late.Seconds * 1000L) all.Add(t);
            long? newest = all.Count > 0 ? all[^1] : null;
            var due = DueTicks.Of(schedule, Rhythm.Of(schedule), late.Now, late.IsTried ? newest : null);
            bool Within(long tick, int seconds) => late.Now - tick <= Math.Max(seconds, 10) * 1000L;
            List<long> expected = late.Policy == CatchUp.All ? [.. all.Where(t => Within(t, late.Window))]
                : newest is { } last && Within(last, late.Policy == CatchUp.One ? late.Window : 0) ? [last] : [];
            if (expected.Count == 0 && late.IsTried && newest is { } again) expected = [again];
            Assert.Equal(expected, due.Ticks);
            Assert.Equal(all.Count - expected.Count, due.Missed);
        }, iter: 5000);

    [Fact]
    public void NoMoreThanAThousandAreCaughtUpAndALongOutageIsCountedShort()
    {
        var schedule = new Schedule
        {
            Name = "s", EverySeconds = 1, StartAt = 0, NextTick = 1000, CatchUp = CatchUp.All, CatchUpWindowSeconds = 1_000_000,
        };
        var due = DueTicks.Of(schedule, Rhythm.Of(schedule), 5_000_000, null);
        Assert.Equal((1000, 4_001_000, 5_000_000, 4000), (due.Ticks.Count, due.Ticks[0], due.Ticks[^1], due.Missed));
        Assert.Equal(DueTicks.MostCounted, DueTicks.Of(schedule, Rhythm.Of(schedule), 500_000_000, null).Missed);
    }

    /// <summary>A wall clock that was set back brings the ticks of that time again; one that goes on evenly changes nothing.</summary>
    [Fact]
    public void NextTickFollowsAClockThatWasSetBack() => Gen.Select(Gen.Int[1, 100], Gen.Long[0, 500_000], Gen.Long[0, 500_000])
        .Sample(static (seconds, now, back) =>
        {
            var schedule = new Schedule { Name = "s", EverySeconds = seconds, StartAt = 0 };
            var rhythm = Rhythm.Of(schedule);
            schedule = schedule with { NextTick = rhythm.After(now) };
            Assert.Equal(schedule.NextTick, DueTicks.Next(schedule, rhythm, now));
            Assert.Equal(schedule.NextTick, DueTicks.Next(schedule, rhythm, now + back));
            Assert.Equal(rhythm.After(now - back), DueTicks.Next(schedule, rhythm, now - back));
        }, iter: 1000);

    private static Schedule Named(string cron, string zone) => new() { Name = "s", Cron = cron, TimeZone = zone };

    private static long Ms(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
