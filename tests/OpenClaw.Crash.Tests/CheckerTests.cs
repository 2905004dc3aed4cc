using OpenClaw.Crash.Tests.Checking;
using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests;

/// <summary>The checker on small recorded histories: good ones pass, and each bad one breaks the rule that it was made for.</summary>
public partial class CheckerTests
{
    private const string Created = """
        10 p1 1 invoke create value=a
        20 p1 1 ok create job=A
        """;

    private const string ClaimedAndDone = Created + "\n" + """
        30 w1 2 invoke claim key=c1
        40 w1 2 ok claim job=A attempt=1
        50 w1 3 invoke result job=A attempt=1 value=r
        60 w1 3 ok result job=A attempt=1 value=done
        """;

    private static readonly FinalRow Done = new("A", "done", "a", "r", null, 1, 0);
    private static readonly FinalRow Failed = new("A", "failed", "a", null, "e", 1, 0);

    public static TheoryData<string, string, FinalRow[]> Good { get; } = new()
    {
        { "a whole life", ClaimedAndDone, [Done] },
        { "a create without an answer that happened",
            ClaimedAndDone.Replace("20 p1 1 ok create job=A", "20 p1 1 unknown create", StringComparison.Ordinal), [Done] },
        { "a create without an answer that did not happen", "10 p1 1 invoke create value=a\n20 p1 1 unknown create", [] },
        { "a create nobody saw the end of", "10 p1 1 invoke create value=a", [] },
        { "a result without an answer",
            ClaimedAndDone.Replace("60 w1 3 ok result job=A attempt=1 value=done", "60 w1 3 unknown result", StringComparison.Ordinal), [Done] },
        {
            "a second attempt after a lost lease, the first refused", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            1035 w2 3 invoke claim
            1036 w2 3 ok claim job=A attempt=2
            1037 w1 4 invoke result job=A attempt=1 value=stale
            1038 w1 4 refused result
            1039 w2 5 invoke result job=A attempt=2 value=r
            1040 w2 5 ok result value=done
            """, [Done with { Attempt = 2, LostLeases = 1 }]
        },
        {
            "a result without a token while the next attempt runs", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            1035 w2 3 invoke claim
            1036 w2 3 ok claim job=A attempt=2
            1037 w1 4 invoke result job=A attempt=1 value=r
            1038 w1 4 ok result job=A attempt=1 value=done
            """, [Done with { Attempt = 2, LostLeases = 1 }]
        },
        {
            "a result without a token before that of the next attempt", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            1035 w2 3 invoke claim
            1036 w2 3 ok claim job=A attempt=2
            1037 w1 4 invoke result job=A attempt=1 value=r
            1038 w1 4 ok result job=A attempt=1 value=done
            1039 w2 5 invoke result job=A attempt=2 key=t2 value=s
            1040 w2 5 ok result job=A attempt=2 value=done
            """, [Done with { Attempt = 2, LostLeases = 1 }]
        },
        {
            "a second attempt after a release", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            50 w1 3 invoke release job=A attempt=1
            60 w1 3 ok release value=queued
            70 w1 4 invoke claim
            80 w1 4 ok claim job=A attempt=2
            90 w1 5 invoke fail job=A attempt=2 value=e
            95 w1 5 ok fail value=failed
            """, [Failed with { Attempt = 2 }]
        },
        {
            "an attempt that nobody saw, of a claim without an answer", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 unknown claim
            45 broker 0 ok kill
            50 w2 3 invoke claim
            2000 w2 3 ok claim job=A attempt=2
            2010 w2 4 invoke result job=A attempt=2 value=r
            2020 w2 4 ok result value=done
            """, [Done with { Attempt = 2, LostLeases = 1 }]
        },
        {
            "the same claim id again", Created + "\n" + """
            30 w1 2 invoke claim key=c1
            40 w1 2 ok claim job=A attempt=1
            41 w1 3 invoke claim key=c1
            42 w1 3 ok claim job=A attempt=1
            50 w1 4 invoke result job=A attempt=1 value=r
            60 w1 4 ok result value=done
            """, [Done]
        },
        {
            "a create that happened before its repeat was answered", """
            10 p1 1 invoke create key=k value=b
            15 p2 2 invoke create value=a
            20 p2 2 ok create job=A
            21 p1 1 unknown create
            30 p1 3 invoke create key=k value=b
            31 p1 3 ok create job=B
            40 w1 4 invoke claim
            41 w1 4 ok claim job=B attempt=1
            42 w1 5 invoke claim
            43 w1 5 ok claim job=A attempt=1
            44 w1 6 invoke result job=A attempt=1 value=r
            45 w1 6 ok result value=done
            46 w1 7 invoke result job=B attempt=1 value=s
            47 w1 7 ok result value=done
            """, [Done, new FinalRow("B", "done", "b", "s", null, 1, 0)]
        },
        { "five lost leases", Created, [Failed with { Attempt = 0, LostLeases = 5, Error = "lease lost 5 times" }] },
    };

    public static TheoryData<int, string, string, FinalRow[]> Bad { get; } = new()
    {
        { 1, "an acknowledged job is gone", Created, [] },
        { 1, "a job is left over", Created, [new FinalRow("A", "queued", "a", null, null, 0, 0)] },
        { 2, "a job that nobody made", ClaimedAndDone, [Done, new FinalRow("B", "failed", "b", null, "lease lost 5 times", 0, 5)] },
        { 3, "a result that nobody sent", ClaimedAndDone, [Done with { Result = "other" }] },
        { 3, "a result that was sent for an older attempt",
            ClaimedAndDone.Replace("result job=A attempt=1 value=r", "result job=A attempt=1 key=t1 value=r", StringComparison.Ordinal),
            [Done with { Attempt = 2 }] },
        { 3, "an error that nobody sent", Created, [Failed] },
        {
            3, "an accepted result that was lost, and another attempt's in its place", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            50 w1 3 invoke result job=A attempt=1 key=t1 value=first
            60 w1 3 ok result value=done
            70 broker 0 ok kill
            2000 w2 4 invoke claim
            2010 w2 4 ok claim job=A attempt=2
            2020 w2 5 invoke result job=A attempt=2 key=t2 value=r
            2030 w2 5 ok result value=done
            """, [Done with { Attempt = 2, LostLeases = 1 }]
        },
        { 3, "another payload", ClaimedAndDone, [Done with { Payload = "A" }] },
        { 4, "done for its worker, failed in the end", ClaimedAndDone + "\n70 w1 4 invoke fail job=A attempt=1 value=e\n80 w1 4 unknown fail", [Failed] },
        { 4, "failed for a reader, done in the end", ClaimedAndDone + "\n45 r 9 invoke read job=A\n46 r 9 ok read value=failed", [Done] },
        {
            5, "a stale attempt is accepted", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            1035 w2 3 invoke claim
            1036 w2 3 ok claim job=A attempt=2
            1037 w1 4 invoke result job=A attempt=1 key=t1 value=r
            1038 w1 4 ok result value=done
            """, [Done]
        },
        {
            6, "one attempt for two workers", ClaimedAndDone + "\n" + """
            41 w2 7 invoke claim key=c2
            42 w2 7 ok claim job=A attempt=1
            """, [Done]
        },
        {
            6, "a second attempt within the lease", Created + "\n" + """
            30 w1 2 invoke claim
            40 w1 2 ok claim job=A attempt=1
            50 w2 3 invoke claim
            60 w2 3 ok claim job=A attempt=2
            70 w2 4 invoke result job=A attempt=2 value=r
            80 w2 4 ok result value=done
            """, [Done with { Attempt = 2 }]
        },
        {
            6, "an attempt out of nowhere", Created + "\n" + """
            1030 w1 2 invoke claim
            1040 w1 2 ok claim job=A attempt=2
            1050 w1 3 invoke result job=A attempt=2 value=r
            1060 w1 3 ok result value=done
            """, [Done with { Attempt = 2 }]
        },
        {
            7, "the younger job first", """
            10 p1 1 invoke create value=a
            20 p1 1 ok create job=A
            21 p2 2 invoke create value=b
            22 p2 2 ok create job=B
            30 w1 3 invoke claim
            31 w1 3 ok claim job=B attempt=1
            32 w1 4 invoke claim
            33 w1 4 ok claim job=A attempt=1
            34 w1 5 invoke result job=A attempt=1 value=r
            35 w1 5 ok result value=done
            36 w1 6 invoke result job=B attempt=1 value=s
            37 w1 6 ok result value=done
            """, [Done, new FinalRow("B", "done", "b", "s", null, 1, 0)]
        },
        {
            8, "a key with two jobs", """
            10 p1 1 invoke create key=k value=a
            20 p1 1 unknown create
            30 p1 2 invoke create key=k value=a
            40 p1 2 ok create job=A
            41 w1 3 invoke claim
            42 w1 3 ok claim job=A attempt=1
            43 w1 4 invoke result job=A attempt=1 value=r
            44 w1 4 ok result value=done
            51 w1 5 invoke claim
            52 w1 5 ok claim job=B attempt=1
            53 w1 6 invoke result job=B attempt=1 value=r
            54 w1 6 ok result value=done
            """, [Done, Done with { Id = "B" }]
        },
        {
            8, "a key that was answered with two jobs", """
            10 p1 1 invoke create key=k value=a
            20 p1 1 ok create job=A
            30 p1 2 invoke create key=k value=a
            40 p1 2 ok create job=B
            """, []
        },
        { 10, "done without a result", ClaimedAndDone, [Done with { Result = null }] },
        { 10, "done with an error", ClaimedAndDone, [Done with { Error = "e" }] },
    };

    [Theory]
    [MemberData(nameof(Good))]
    [MemberData(nameof(GoodLives))]
    public void GoodHistoryPasses(string what, string history, FinalRow[] rows)
    {
        Assert.NotEmpty(what);
        Assert.Empty(Check(history, rows));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    [MemberData(nameof(BadLives))]
    public void BadHistoryBreaksItsRule(int rule, string what, string history, FinalRow[] rows)
    {
        Assert.NotEmpty(what);
        Assert.Contains(rule, Check(history, rows).Select(v => v.Rule));
    }

    [Fact]
    public void DamageAndDifferencesBreakRule9()
    {
        var events = Parse(ClaimedAndDone);
        var whole = new FinalState { Api = [Done], File = [Done], LeaseMilliseconds = 1000 };
        Assert.Empty(Checker.Check(events, whole));
        foreach (var broken in new[] { whole with { Damage = ["row 5 missing from index"] }, whole with { Api = [] },
            whole with { Api = [Done with { Result = "x" }] }, whole with { Api = [Done, Failed with { Id = "B" }] } })
        {
            Assert.Equal(9, Assert.Single(Checker.Check(events, broken)).Rule);
        }
    }

    [Fact]
    public void EveryRuleHasABadHistory() =>
        Assert.Equal(Enumerable.Range(1, 16), Bad.Concat(BadLives).Select(row => (int)row[0]).Append(9).Distinct().Order());

    [Fact]
    public void EventsSurviveTheirLine()
    {
        var e = new Event(12.5, "w1", 7, Phase.Ok, Operation.Claim) { Job = "A", Attempt = 2, Round = 3, Key = "k 1", Value = "a b=c\n\0ü" };
        Assert.Equal(e, Event.Parse(e.ToString()));
        e = e with { Terms = new JobTerms { MaxAttempts = 3, UniqueKey = "u", OnConflict = "reject", DependsOn = "B:run,C:fail" } };
        Assert.Equal(e, Event.Parse(e.ToString()));
    }

    private static IReadOnlyList<Violation> Check(string history, FinalRow[] rows) =>
        Checker.Check(Parse(history), new FinalState { Api = rows, File = rows, LeaseMilliseconds = 1000 });

    private static List<Event> Parse(string history) => [.. history.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0).Select(Event.Parse)];
}
