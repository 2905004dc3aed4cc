using OpenClaw.Crash.Tests.Checking;

namespace OpenClaw.Crash.Tests;

/// <summary>Histories of what people and further attempts make of jobs.</summary>
public partial class CheckerTests
{
    private const string CreatedWithTwo = """
        10 p1 1 invoke create value=a max=2
        20 p1 1 ok create job=A
        """;

    private const string FailedOnce = CreatedWithTwo + "\n" + """
        30 w1 2 invoke claim
        40 w1 2 ok claim job=A attempt=1
        50 w1 3 invoke fail job=A attempt=1 key=t1 value=e
        60 w1 3 ok fail value=queued
        """;

    private const string FailedTwice = FailedOnce + "\n" + """
        70 w2 4 invoke claim
        80 w2 4 ok claim job=A attempt=2
        90 w2 5 invoke fail job=A attempt=2 key=t2 value=f
        95 w2 5 ok fail value=failed
        """;

    private const string Retried = FailedTwice + "\n" + """
        100 h1 6 invoke retry job=A
        110 h1 6 ok retry round=2 value=queued
        120 w1 7 invoke claim
        130 w1 7 ok claim job=A attempt=1 round=2
        140 w1 8 invoke result job=A attempt=1 round=2 key=t3 value=r
        150 w1 8 ok result value=done
        """;

    private const string Cancelled = Created + "\n" + """
        30 h1 2 invoke cancel job=A value=why
        40 h1 2 ok cancel value=cancelled
        """;

    private const string CancelledRunning = Created + "\n" + """
        30 w1 2 invoke claim
        40 w1 2 ok claim job=A attempt=1
        50 h1 3 invoke cancel job=A value=why
        60 h1 3 ok cancel value=running
        """;

    private const string Unique = """
        10 p1 1 invoke create value=a unique=u
        20 p1 1 ok create job=A
        30 w1 2 invoke claim
        40 w1 2 ok claim job=A attempt=1
        50 w1 3 invoke result job=A attempt=1 value=r
        60 w1 3 ok result value=done
        """;

    private const string Child = """
        10 p1 1 invoke create value=a
        20 p1 1 ok create job=A
        21 p1 2 invoke create value=b parents=A:fail
        22 p1 2 ok create job=B
        """;

    private const string ParentDone = """
        30 w1 3 invoke claim
        40 w1 3 ok claim job=A attempt=1
        50 w1 4 invoke result job=A attempt=1 value=r
        60 w1 4 ok result value=done
        """;

    private const string ParentFailed = """
        30 w1 3 invoke claim
        40 w1 3 ok claim job=A attempt=1
        50 w1 4 invoke fail job=A attempt=1 value=e
        60 w1 4 ok fail value=failed
        """;

    private const string ChildDone = """
        70 w2 5 invoke claim
        80 w2 5 ok claim job=B attempt=1
        90 w2 6 invoke result job=B attempt=1 value=s
        95 w2 6 ok result value=done
        """;

    private const string Held = Created + "\n" + """
        30 h1 2 invoke hold job=A
        40 h1 2 ok hold value=held
        50 h1 3 invoke unhold job=A
        60 h1 3 ok unhold value=queued
        """;

    private static readonly string ChildToHold = Child.Replace("A:fail", "A:hold", StringComparison.Ordinal);
    private static readonly FinalRow TwiceFailed = new("A", "failed", "a", null, "f", 2, 0) { Failures = 2, Errors = "1 1 failed e\n1 2 failed f" };
    private static readonly FinalRow RetriedRow = Done with { Round = 2, Errors = TwiceFailed.Errors };
    private static readonly FinalRow CancelledRow = new("A", "cancelled", "a", null, "cancelled: why", 0, 0);
    private static readonly FinalRow OnceFailed = Failed with { Failures = 1, Errors = "1 1 failed e" };
    private static readonly FinalRow DoneB = new("B", "done", "b", "s", null, 1, 0);

    public static TheoryData<string, string, FinalRow[]> GoodLives { get; } = new()
    {
        { "failures up to the last attempt", FailedTwice, [TwiceFailed] },
        {
            "a failure without an answer that was counted",
            FailedOnce.Replace("60 w1 3 ok fail value=queued", "60 w1 3 unknown fail", StringComparison.Ordinal) + "\n" + """
            70 w2 4 invoke claim
            80 w2 4 ok claim job=A attempt=2
            90 w2 5 invoke result job=A attempt=2 key=t2 value=r
            95 w2 5 ok result value=done
            """, [Done with { Attempt = 2, Failures = 1, Errors = "1 1 failed e" }]
        },
        {
            "a failure without an answer that was not counted",
            FailedOnce.Replace("60 w1 3 ok fail value=queued", "60 w1 3 unknown fail", StringComparison.Ordinal) + "\n" + """
            1070 w2 4 invoke claim
            1080 w2 4 ok claim job=A attempt=2
            1090 w2 5 invoke result job=A attempt=2 key=t2 value=r
            1095 w2 5 ok result value=done
            """, [Done with { Attempt = 2, LostLeases = 1, Errors = "1 1 lease_lost " }]
        },
        { "a failure for good with attempts left", FailedOnce.Replace("fail value=queued", "failforgood value=failed", StringComparison.Ordinal)
            .Replace("invoke fail", "invoke failforgood", StringComparison.Ordinal), [OnceFailed] },
        { "a cancel while it waits for its next attempt", FailedOnce + "\n70 h1 4 invoke cancel job=A value=why\n75 h1 4 ok cancel value=cancelled",
            [CancelledRow with { Attempt = 1, Failures = 1, Errors = "1 1 failed e" }] },
        { "a second round", Retried, [RetriedRow] },
        { "a retry without an answer that happened",
            Retried.Replace("110 h1 6 ok retry round=2 value=queued", "110 h1 6 unknown retry", StringComparison.Ordinal), [RetriedRow] },
        { "a retry without an answer that did not happen", FailedTwice + "\n100 h1 6 invoke retry job=A\n110 h1 6 unknown retry", [TwiceFailed] },
        { "an old round's word is refused", Retried + "\n141 w2 9 invoke result job=A attempt=2 key=t2 value=late\n142 w2 9 refused result", [RetriedRow] },
        { "a cancel of a waiting job", Cancelled, [CancelledRow] },
        { "a cancel without an answer that did not happen",
            ClaimedAndDone + "\n25 h1 9 invoke cancel job=A value=why\n26 h1 9 unknown cancel", [Done] },
        { "a cancel without an answer that happened",
            Cancelled.Replace("ok cancel value=cancelled", "unknown cancel", StringComparison.Ordinal), [CancelledRow] },
        { "a cancel of a running job whose result came", CancelledRunning + "\n" + """
            70 w1 4 invoke result job=A attempt=1 key=t1 value=r
            80 w1 4 ok result value=done
            """, [Done] },
        { "a cancel of a running job that failed", CancelledRunning + "\n" + """
            70 w1 4 invoke fail job=A attempt=1 key=t1 value=e
            80 w1 4 ok fail value=failed
            """, [CancelledRow with { Attempt = 1, Failures = 1 }] },
        { "a claim of a running job, sent again after its cancel", Created + "\n" + """
            30 w1 2 invoke claim key=c1
            40 w1 2 ok claim job=A attempt=1
            50 h1 3 invoke cancel job=A value=why
            60 h1 3 ok cancel value=running
            61 w1 4 invoke claim key=c1
            62 w1 4 ok claim job=A attempt=1
            70 w1 5 invoke release job=A attempt=1 key=t1
            80 w1 5 ok release value=failed
            """, [CancelledRow with { Attempt = 1 }] },
        { "a round after a cancel", Cancelled + "\n" + """
            50 h1 3 invoke retry job=A
            60 h1 3 ok retry round=2 value=queued
            70 w1 4 invoke claim
            80 w1 4 ok claim job=A attempt=1 round=2
            90 w1 5 invoke result job=A attempt=1 round=2 key=t1 value=r
            95 w1 5 ok result value=done
            """, [Done with { Round = 2 }] },
        { "a unique key after another's end, and one that was found", Unique + "\n" + """
            25 p2 4 invoke create value=b unique=u
            26 p2 4 ok create job=A value=found
            70 p2 5 invoke create value=b2 unique=u
            80 p2 5 ok create job=B
            90 w1 6 invoke claim
            91 w1 6 ok claim job=B attempt=1
            92 w1 7 invoke result job=B attempt=1 value=s
            93 w1 7 ok result value=done
            """, [Done, DoneB with { Payload = "b2" }] },
        { "a unique key after an end without an answer",
            Unique.Replace("60 w1 3 ok result value=done", "60 w1 3 unknown result", StringComparison.Ordinal) + "\n" + """
            55 p2 5 invoke create value=b unique=u
            56 p2 5 ok create job=B
            90 w1 6 invoke claim
            91 w1 6 ok claim job=B attempt=1
            92 w1 7 invoke result job=B attempt=1 value=s
            93 w1 7 ok result value=done
            """, [Done, DoneB] },
        { "a child after its parent", $"{Child}\n{ParentDone}\n{ChildDone}", [Done, DoneB] },
        { "a child that failed with its parent", $"{Child}\n{ParentFailed}",
            [OnceFailed, new FinalRow("B", "failed", "b", null, "parent A failed", 0, 0)] },
        { "a child that was cancelled with its parent", $"{Child.Replace("A:fail", "A:cancel", StringComparison.Ordinal)}\n{ParentFailed}",
            [OnceFailed, new FinalRow("B", "cancelled", "b", null, "cancelled: parent A failed", 0, 0)] },
        { "a child that runs whatever its parent does", $"{Child.Replace("A:fail", "A:run", StringComparison.Ordinal)}\n{ParentFailed}\n{ChildDone}",
            [OnceFailed, DoneB] },
        { "a child that somebody let go",
            $"{ChildToHold}\n{ParentFailed}\n65 h1 9 invoke unhold job=B\n66 h1 9 ok unhold value=queued\n{ChildDone}", [OnceFailed, DoneB] },
        { "a claim after an unhold was sent", Held + "\n" + """
            45 w1 4 invoke claim
            55 w1 4 ok claim job=A attempt=1
            70 w1 5 invoke result job=A attempt=1 value=r
            80 w1 5 ok result value=done
            """, [Done] },
        { "a claim whose hold had no answer", Held.Replace("40 h1 2 ok hold value=held", "40 h1 2 unknown hold", StringComparison.Ordinal) + "\n" + """
            41 w1 4 invoke claim
            42 w1 4 ok claim job=A attempt=1
            70 w1 5 invoke result job=A attempt=1 value=r
            80 w1 5 ok result value=done
            """, [Done] },
    };

    public static TheoryData<int, string, string, FinalRow[]> BadLives { get; } = new()
    {
        { 11, "a failure that counted twice", FailedTwice, [TwiceFailed with { Failures = 3 }] },
        { 11, "a failure that left attempts and ended the job", FailedOnce, [OnceFailed] },
        { 11, "more attempts than it had", FailedTwice.Replace("ok fail value=failed", "ok fail value=queued", StringComparison.Ordinal) + "\n" + """
            100 w1 6 invoke claim
            110 w1 6 ok claim job=A attempt=3
            120 w1 7 invoke result job=A attempt=3 key=t3 value=r
            130 w1 7 ok result value=done
            """, [Done with { Attempt = 3, Failures = 2, Errors = TwiceFailed.Errors }] },
        { 11, "an attempt after a failure for good", FailedTwice.Replace("3 ok fail value=queued", "3 ok failforgood value=failed", StringComparison.Ordinal)
            .Replace("3 invoke fail", "3 invoke failforgood", StringComparison.Ordinal), [TwiceFailed] },
        { 11, "a failure for good that left an attempt", FailedTwice.Replace("3 ok fail", "3 ok failforgood", StringComparison.Ordinal)
            .Replace("3 invoke fail", "3 invoke failforgood", StringComparison.Ordinal), [TwiceFailed] },
        { 11, "an error that was lost", FailedTwice, [TwiceFailed with { Errors = "1 2 failed f" }] },
        { 11, "an error that is told twice", FailedTwice, [TwiceFailed with { Errors = "1 1 failed e\n1 1 failed e\n1 2 failed f" }] },
        { 11, "an error that no worker sent", FailedTwice, [TwiceFailed with { Errors = "1 1 failed other\n1 2 failed f" }] },
        { 12, "a retry that kept its round", Retried.Replace("round=2", "round=1", StringComparison.Ordinal), [Done with { Errors = TwiceFailed.Errors }] },
        { 12, "two rounds for one retry", Retried, [RetriedRow with { Round = 3 }] },
        { 12, "a retry that was lost", FailedTwice + "\n100 h1 6 invoke retry job=A\n110 h1 6 ok retry round=2 value=queued", [TwiceFailed] },
        { 12, "an old round's word is accepted", Retried
            + "\n135 w2 9 invoke result job=A attempt=2 key=t2 value=late\n136 w2 9 ok result value=done", [RetriedRow] },
        { 3, "an old round's result is recorded", Retried + "\n135 w2 9 invoke result job=A attempt=2 key=t2 value=late\n136 w2 9 unknown result",
            [RetriedRow with { Result = "late" }] },
        { 13, "a waiting job that was cancelled is handed out", Cancelled + "\n50 w1 3 invoke claim\n60 w1 3 ok claim job=A attempt=1",
            [CancelledRow with { Attempt = 1 }] },
        { 13, "a waiting job that was cancelled is handed to a claim that was under way",
            Cancelled + "\n25 w1 3 invoke claim\n60 w1 3 ok claim job=A attempt=1", [CancelledRow with { Attempt = 1 }] },
        { 13, "a waiting job that was cancelled is done", Cancelled + "\n" + """
            25 w1 3 invoke claim
            28 w1 3 ok claim job=A attempt=1
            50 w1 4 invoke result job=A attempt=1 value=r
            60 w1 4 ok result value=done
            """, [Done] },
        { 13, "a running job that was cancelled begins anew", CancelledRunning + "\n1070 w2 4 invoke claim\n1080 w2 4 ok claim job=A attempt=2",
            [CancelledRow with { Attempt = 2, LostLeases = 1 }] },
        { 13, "a running job that was cancelled fails",
            CancelledRunning + "\n70 w1 4 invoke fail job=A attempt=1 value=e\n80 w1 4 ok fail value=failed", [OnceFailed] },
        { 13, "a cancel that nobody sent", Created, [CancelledRow] },
        { 14, "a unique key of two unfinished jobs", Unique + "\n" + """
            25 p2 4 invoke create value=b unique=u
            26 p2 4 ok create job=B
            90 w1 6 invoke claim
            91 w1 6 ok claim job=B attempt=1
            92 w1 7 invoke result job=B attempt=1 value=s
            93 w1 7 ok result value=done
            """, [Done, DoneB] },
        { 14, "a unique key of a new round and of another job", Unique.Replace("result", "fail", StringComparison.Ordinal)
            .Replace("value=done", "value=failed", StringComparison.Ordinal) + "\n" + """
            70 p2 4 invoke create value=b unique=u
            80 p2 4 ok create job=B
            90 h1 5 invoke retry job=A
            91 h1 5 ok retry round=2 value=queued
            """, [Done with { Round = 2 }, DoneB] },
        { 14, "a unique key that is answered with another's job",
            Unique + "\n25 p2 4 invoke create value=b unique=v\n26 p2 4 ok create job=A value=found", [Done] },
        { 15, "a child before its parent", $"""
            {Child}
            24 w2 5 invoke claim
            25 w2 5 ok claim job=B attempt=1
            {ParentDone}
            90 w2 6 invoke result job=B attempt=1 value=s
            95 w2 6 ok result value=done
            """, [Done, DoneB] },
        { 15, "a child that ran though its parent failed", $"{Child}\n{ParentFailed}\n{ChildDone}", [OnceFailed, DoneB] },
        { 15, "a child that nobody let go", $"{ChildToHold}\n{ParentFailed}\n{ChildDone}", [OnceFailed, DoneB] },
        { 15, "a child that failed though its parent is done", $"{Child}\n{ParentDone}",
            [Done, new FinalRow("B", "failed", "b", null, "parent A failed", 0, 0)] },
        { 16, "a claim while it is held", Held + "\n" + """
            41 w1 4 invoke claim
            42 w1 4 ok claim job=A attempt=1
            70 w1 5 invoke result job=A attempt=1 value=r
            80 w1 5 ok result value=done
            """, [Done] },
        { 16, "a claim that was under way is given what is held", Held + "\n" + """
            25 w1 4 invoke claim
            42 w1 4 ok claim job=A attempt=1
            70 w1 5 invoke result job=A attempt=1 value=r
            80 w1 5 ok result value=done
            """, [Done] },
    };
}
