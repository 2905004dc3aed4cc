using CsCheck;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Tests;

public sealed class JobRulesTests
{
    private const long Lease = 60_000;
    private static readonly string[] Workers = ["anna", "bert"];

    /// <summary>One event of a random life, before it is given times and tokens.</summary>
    private sealed record Move(int Kind, int Who, int TokenAge, int Wait);

    private static readonly Gen<Move[]> Lives =
        Gen.Select(Gen.Int[0, 8], Gen.Int[-1, 1], Gen.Int[-1, 2], Gen.Int[0, 70_000], (kind, who, age, wait) => new Move(kind, who, age, wait)).Array[0, 40];

    [Fact]
    public void EveryLifeFollowsTheModel() => Lives.Sample(moves =>
    {
        var job = NewJob();
        var model = new Model();
        var claims = new List<(long Version, Job Before)>();
        long now = 0;
        foreach (var move in moves)
        {
            now += move.Wait;
            var e = Event(move, now, job, model, claims);
            var step = JobRules.Next(job, e);
            var allowed = model.Allows(e);
            Assert.True(allowed == step.Next is not null, $"{e} on {job}: the model {(allowed ? "allows" : "refuses")} it, the rules answer {step.Refusal}");
            Assert.Equal(step.Next is null, step.Refusal != Refusal.None);
            if (step.Next is not { } next) continue;
            CheckInvariants(job, next);
            model.Apply(e);
            if (e is Claimed) claims.Add((model.Version, job));
            Assert.Equal((model.Now.State, model.Now.Attempt, model.Now.Newest), (next.State, next.Attempt, next.LeaseToken));
            job = next with { Version = model.Version };
        }
    });

    [Fact]
    public void FifthLostLeaseFailsTheJob()
    {
        var job = NewJob();
        for (var n = 1; n <= Job.MaxLostLeases; n++) job = LoseLease(Apply(job, new Claimed(n * Lease, (n + 1) * Lease, $"t{n}", null, null)));
        Assert.Equal((JobState.Failed, "lease lost 5 times", 5, 0, Outcome.LostTooOften), (job.State, job.Error, job.LostLeases, job.Failures, job.Outcome));
    }

    [Fact]
    public void LeaseEndsForTheVersionThatHeldItAlone()
    {
        var job = Claim(NewJob()) with { Version = 2 };
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(job, new LeaseEnded(Lease, 1)).Refusal);
        var beaten = Apply(job, new Heartbeat(5, "t", null, 5 + Lease)) with { Version = 3 };
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(beaten, new LeaseEnded(Lease, 2)).Refusal);
        Assert.Equal(JobState.Queued, Apply(beaten, new LeaseEnded(Lease, 3)).State);
    }

    [Fact]
    public void LateResultOfTheNewestAttemptIsWelcomeUntilTheNextClaim()
    {
        var queuedAgain = LoseLease(Claim(NewJob()));
        Assert.Equal(JobState.Done, Apply(queuedAgain, new Finished(Lease, "t", null, [])).State);
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(Claim(queuedAgain, "u", "bert"), new Finished(Lease, "t", "anna", [])).Refusal);
    }

    [Fact]
    public void ResultWithoutATokenCountsFromWhoeverHasHeldTheJob()
    {
        var annas = LoseLease(Claim(NewJob()));
        var berts = Claim(annas, "u", "bert");
        foreach (var job in (Job[])[annas, berts, LoseLease(berts)])
        {
            Assert.Equal(JobState.Done, Apply(job, new Finished(Lease, null, "anna", [])).State);
            Assert.Equal(Refusal.WrongWorker, JobRules.Next(job, new Finished(Lease, null, "carl", [])).Refusal);
        }
        Assert.Equal(JobState.Done, Apply(berts, new Finished(Lease, null, null, [])).State);
        Assert.Equal(Refusal.NotRunning, JobRules.Next(annas, new Finished(Lease, null, null, [])).Refusal);
        Assert.Equal(Refusal.NotRunning, JobRules.Next(NewJob(), new Finished(Lease, null, "anna", [])).Refusal);
    }

    [Fact]
    public void FailureWithoutATokenIsThePresentHoldersOrTheLastOnes()
    {
        var annas = LoseLease(Claim(NewJob()));
        Assert.Equal(JobState.Failed, Apply(annas, new Failed(Lease, null, "anna", "e")).State);
        Assert.Equal(Refusal.WrongWorker, JobRules.Next(annas, new Failed(Lease, null, "bert", "e")).Refusal);
        Assert.Equal(Refusal.NotRunning, JobRules.Next(annas, new Failed(Lease, null, null, "e")).Refusal);
        Assert.Equal(JobState.Failed, Apply(Claim(annas, "u", "bert"), new Failed(Lease, null, null, "e")).State);
        var berts = Claim(annas, "u", "bert");
        Assert.Equal(JobState.Failed, Apply(berts, new Failed(Lease, null, "bert", "e")).State);
        foreach (var e in (HolderEvent[])[new Failed(Lease, null, "anna", "e"), new Heartbeat(Lease, null, "anna", 2 * Lease),
            new Released(Lease, null, "anna")])
        {
            Assert.Equal(Refusal.WrongWorker, JobRules.Next(berts, e).Refusal);
        }
        Assert.Equal(JobState.Failed, Apply(NewJob(), new Failed(Lease, null, "anna", "e")).State); // as the Python broker does
    }

    [Fact]
    public void LastSixteenHoldersAreRemembered()
    {
        var job = NewJob();
        foreach (var n in Enumerable.Range(0, 20)) job = Apply(Apply(job, new Claimed(n, n + Lease, $"t{n}", $"w{n}", null)), new Released(n, $"t{n}", null));
        job = Claim(job, "u", "w19"); // who holds it again stands there once
        Assert.Equal(Enumerable.Range(4, 16).Select(n => $"w{n}"), job.EarlierHolders);
        Assert.Equal(Refusal.WrongWorker, JobRules.Next(job, new Finished(30, null, "w3", [])).Refusal);
        Assert.Equal(JobState.Done, Apply(job, new Finished(30, null, "w4", [])).State);
    }

    [Fact]
    public void StaleTokenIsRefusedOnAFinalJobToo()
    {
        var done = Apply(Claim(LoseLease(Claim(NewJob())), "u"), new Finished(Lease, "u", null, []));
        Assert.Equal(Outcome.Ok, done.Outcome);
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(done, new Failed(Lease, "t", null, "late")).Refusal);
        Assert.Equal(Refusal.AlreadyEnded, JobRules.Next(done, new Finished(Lease, "u", null, [])).Refusal);
        Assert.Equal(Refusal.AlreadyEnded, JobRules.Next(done, new Failed(Lease, null, null, "old client")).Refusal);
    }

    [Fact]
    public void TheSameClaimIdIsTheSameClaim()
    {
        var job = Apply(NewJob(), new Claimed(0, Lease, "t", "anna", "c1"));
        var again = Apply(job, new Claimed(10, 10 + Lease, "other", "anna", "c1"));
        Assert.Equal(("t", 1, 10 + Lease), (again.LeaseToken, again.Attempt, again.LeaseUntil));
        Assert.Equal(Refusal.NotRunning, JobRules.Next(job, new Claimed(10, Lease, "other", "bert", "c1")).Refusal);
        Assert.Equal(Refusal.NotRunning, JobRules.Next(job, new Claimed(10, Lease, "other", "anna", null)).Refusal);
    }

    [Fact]
    public void ClaimThatWasNotDeliveredNeverHappened()
    {
        var before = LoseLease(Claim(NewJob()));
        var claimed = Claim(before, "u", "bert") with { Version = 4 };
        var undone = Apply(claimed, new Undelivered(5, 4, before));
        Assert.Equal(before with { Version = 4 }, undone);
        Assert.Equal(JobState.Done, Apply(undone, new Finished(6, "t", null, [])).State); // the attempt before may still end it
        var heard = claimed with { Version = 5 }; // a heartbeat came: it was delivered
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(heard, new Undelivered(5, 4, before)).Refusal);
    }

    [Theory]
    [InlineData(null, "cancelled")]
    [InlineData("no longer needed", "cancelled: no longer needed")]
    public void CancelOfARunningJobWaitsForItsWorker(string? reason, string error)
    {
        var asked = Apply(Claim(NewJob()), new CancelRequested(5, reason, "anna"));
        Assert.Equal((JobState.Running, true, null), (asked.State, asked.CancelRequested, asked.Error));
        Assert.Equal((JobState.Cancelled, error, Outcome.Cancelled), EndOf(asked, new Failed(6, "t", null, "cancelled")));
        Assert.Equal((JobState.Cancelled, error, Outcome.Cancelled), EndOf(asked, new Released(6, "t", null)));
        Assert.Equal((JobState.Cancelled, error, Outcome.Cancelled), EndOf(asked, new LeaseEnded(Lease, asked.Version)));
        Assert.Equal((JobState.Done, null, Outcome.Ok), EndOf(asked, new Finished(6, "t", null, [])));
        Assert.Equal((JobState.Cancelled, error, Outcome.Cancelled), EndOf(NewJob(), new CancelRequested(5, reason, "anna")));
    }

    [Fact]
    public void OnlyWhatHasEndedIsDeleted()
    {
        foreach (var job in (Job[])[NewJob(), Claim(NewJob()), LoseLease(Claim(NewJob()))])
        {
            Assert.Equal(Refusal.NotEnded, JobRules.Next(job, new Deleted(5, "anna")).Refusal);
        }
        foreach (var end in (JobEvent[])[new Finished(5, "t", null, []), new Failed(5, "t", null, "e")])
        {
            Assert.Equal(Step.Gone, JobRules.Next(Apply(Claim(NewJob()), end), new Deleted(6, "anna")));
        }
        Assert.Equal(Step.Gone, JobRules.Next(Apply(NewJob(), new CancelRequested(5, null, "anna")), new Deleted(6, "anna")));
    }

    [Fact]
    public void DatesNeverGoBackWithTheClock()
    {
        var created = NewJob() with { CreatedAt = 1_000_000 };
        var first = Apply(created, new Claimed(2_000_000, 2_000_000 + Lease, "t", "anna", null));
        var again = Apply(LoseLease(first), new Claimed(500_000, 500_000 + Lease, "u", "anna", null));
        Assert.Equal((2_000_000, 2_000_000 + Lease), (again.StartedAt!.Value, again.LeaseUntil!.Value));
        Assert.Equal(2_000_000, Apply(again, new Finished(600_000, "u", null, [])).FinishedAt);
        Assert.Equal(1_000_000, Apply(created, new CancelRequested(1, null, "anna")).FinishedAt);
    }

    /// <summary>What people and time do to a job, in any order: every step keeps what must always hold.</summary>
    [Fact]
    public void EveryStepOfPeopleAndTimeKeepsTheRules() => Gen.Select(Gen.Int[0, 13], Gen.Int[0, 200_000], Gen.Double[0, 0.999],
        static (kind, ms, chance) => (Kind: kind, Ms: ms, Chance: chance)).Array[0, 60].Sample(moves =>
    {
        var job = NewJob() with { MaxAttempts = 3, TimeoutMs = 90_000, ExpiresAt = 150_000, State = JobState.Scheduled, RunAt = 1000 };
        var (now, ends, claims) = (0L, 0, 0);
        foreach (var (kind, ms, chance) in moves)
        {
            now += ms / 4;
            var token = job.LeaseToken;
            JobEvent e = kind switch
            {
                0 or 1 => new Claimed(now, now + Lease, $"t{++claims}", "anna", null),
                2 => new Finished(now, token, "anna", []),
                3 or 4 => new Failed(now, token, "anna", "e") { IsRetryable = ms % 5 != 0, Chance = chance },
                5 => new Released(now, token, "anna") { DelayMs = ms % 3 == 0 ? 0 : ms },
                6 => new LeaseEnded(now, job.Version),
                7 or 8 => new TimeCame(Math.Max(now, JobRules.Due(job)?.At ?? now), job.Version, chance),
                9 => new HoldPlaced(now, "p", null),
                10 => new HoldLifted(now, "p"),
                11 => new Snoozed(now, "p", ms + 1),
                12 => new Edited(now, "p", new JobEdit { Priority = ms % 5 + 1, RunAt = ms % 2 == 0 ? 0 : now + ms }),
                _ => new Retried(now, "p"),
            };
            var step = JobRules.Next(job, e);
            if (step.Next is not { } next)
            {
                Assert.NotEqual(Refusal.None, step.Refusal);
                continue;
            }
            Assert.Equal(next.State == JobState.Held, next.Holds.Count > 0);
            Assert.Equal(next.State == JobState.Running, next.LeaseUntil is not null);
            Assert.Equal(next.IsFinal, next.Outcome is not null && next.FinishedAt is not null);
            if (next.State == JobState.Scheduled) Assert.NotNull(next.RunAt);
            if (next is { IsFinal: false, Round: var round } && round == job.Round) Assert.True(next.Failures < next.MaxAttempts);
            Assert.InRange(next.Failures, 0, next.MaxAttempts);
            Assert.Equal(next.Round, job.IsFinal ? job.Round + 1 : job.Round); // a final state never changes within a round
            if (next.State == JobState.Running && job.State != JobState.Running) Assert.Equal(JobState.Queued, job.State);
            if (next.Outcome == Outcome.Expired) Assert.Equal(0, next.Attempt);
            if (next.Outcome == Outcome.TimedOut) Assert.Null(next.LeaseToken);
            if (next.IsFinal) Assert.Null(JobRules.Due(next));
            Assert.Equal(job.RankAt - job.Priority * Rank.PriorityStepMs, next.RankAt - next.Priority * Rank.PriorityStepMs); // its place but for its priority
            var forgets = job.State == JobState.Running && !next.IsFinal && next.State != JobState.Running || job.IsFinal;
            if (forgets) Assert.Contains(step.Notes, n => n.Round == job.Round && n.Attempt == job.Attempt); // what the row forgets is noted
            if (next.IsFinal) ends++;
            job = next with { Version = job.Version + 1 };
        }
        Assert.InRange(ends, 0, moves.Length);
    });

    [Theory]
    [InlineData(1, 0.5, 2500)]
    [InlineData(3, 0.5, 10_000)]
    [InlineData(50, 0.999, 899_100)]
    [InlineData(99, 0, 0)]
    public void BackoffIsAPartOfWhatDoublesUpToAQuarterOfAnHour(int failures, double chance, long ms) =>
        Assert.Equal(ms, Backoff.Default.Wait(failures, chance));

    private static (JobState, string?, Outcome?) EndOf(Job job, JobEvent e) => Apply(job, e) is var end ? (end.State, end.Error, end.Outcome) : default;

    private static Job NewJob() => new() { Id = Guid.Empty, Command = "ping", Seq = 7 };

    private static Job Claim(Job job, string token = "t", string worker = "anna") => Apply(job, new Claimed(0, Lease, token, worker, null));

    private static Job LoseLease(Job job) => Apply(job, new LeaseEnded(job.LeaseUntil!.Value, job.Version));

    private static Job Apply(Job job, JobEvent e) =>
        JobRules.Next(job, e).Next ?? throw new InvalidOperationException($"{e} was refused: {JobRules.Next(job, e).Refusal}");

    private static JobEvent Event(Move move, long now, Job job, Model model, List<(long Version, Job Before)> claims)
    {
        var worker = move.Who < 0 ? null : Workers[move.Who];
        var token = move.TokenAge < 0 ? null : model.Token(move.TokenAge);
        var undone = claims.Count == 0 ? default : claims[^Math.Clamp(move.TokenAge + 1, 1, claims.Count)];
        return move.Kind switch
        {
            0 or 1 => new Claimed(now, now + Lease, $"token{model.Claims + 1}", worker, null),
            2 => new Finished(now, token, worker, []),
            3 => new Failed(now, token, worker, "e"),
            4 => new Heartbeat(now, token, worker, now + Lease),
            5 => new Released(now, token, worker),
            6 => new LeaseEnded(now, job.Version - Math.Max(0, move.TokenAge)),
            7 when claims.Count > 0 => new Undelivered(now, undone.Version, undone.Before),
            _ => new CancelRequested(now, null, "anna"),
        };
    }

    private static void CheckInvariants(Job before, Job after)
    {
        Assert.False(before.IsFinal, "a final state changed");
        Assert.Equal((before.Seq, before.Id, before.CreatedAt), (after.Seq, after.Id, after.CreatedAt));
        Assert.Equal(after.State == JobState.Running, after.LeaseUntil is not null);
        Assert.Equal(after.IsFinal, after.FinishedAt is not null);
        Assert.Equal(after.IsFinal, after.Outcome is not null);
        Assert.InRange(after.LostLeases, before.LostLeases, Job.MaxLostLeases);
        if (after.State == JobState.Running) Assert.NotNull(after.LeaseToken);
        if (before.CancelRequested) Assert.NotEqual(JobState.Queued, after.State);
    }

    /// <summary>What is known of a job, as simply as can be; <paramref name="Held"/> are all workers with a name.</summary>
    private sealed record Life(JobState State, int Attempt, int Lost, bool Cancel, string? Newest, string? Holder, string[] Held);

    /// <summary>What a job may do, written a second time.</summary>
    private sealed class Model
    {
        private readonly List<string> tokens = [];
        private readonly Dictionary<long, Life> beforeClaims = [];

        public Life Now { get; private set; } = new(JobState.Queued, 0, 0, false, null, null, []);

        public long Version { get; private set; }

        public int Claims => tokens.Count;

        private bool IsOver => Now.State is JobState.Done or JobState.Failed or JobState.Cancelled;

        private bool IsRunning => Now.State == JobState.Running;

        public string Token(int age) => tokens.Count > age ? tokens[^(age + 1)] : "never";

        public bool Allows(JobEvent e) => !IsOver && e switch
        {
            Claimed => !IsRunning,
            HolderEvent { Token: { } token } h => token == Now.Newest && (IsRunning || h is Finished or Failed),
            HolderEvent h when Now.Attempt == 0 => h is Failed,
            HolderEvent { WorkerId: null } => IsRunning,
            Finished f => Now.Held.Contains(f.WorkerId) || IsRunning && Now.Holder is null,
            HolderEvent h => IsRunning ? Now.Holder is null || h.WorkerId == Now.Holder : h is Failed && h.WorkerId == Now.Holder,
            LeaseEnded l => IsRunning && l.Version == Version,
            Undelivered u => IsRunning && u.Version == Version,
            CancelRequested => !IsRunning || !Now.Cancel,
            _ => throw new ArgumentException(e.ToString()),
        };

        public void Apply(JobEvent e)
        {
            Version++;
            if (e is Claimed c)
            {
                tokens.Add(c.Token);
                beforeClaims[Version] = Now;
            }
            Now = e switch
            {
                Claimed claim => Now with
                {
                    State = JobState.Running,
                    Attempt = Now.Attempt + 1,
                    Newest = claim.Token,
                    Holder = claim.WorkerId,
                    Held = claim.WorkerId is null ? Now.Held : [.. Now.Held, claim.WorkerId],
                },
                Finished => Now with { State = JobState.Done },
                Failed => Now with { State = Now.Cancel ? JobState.Cancelled : JobState.Failed },
                LeaseEnded => Now with { Lost = Now.Lost + 1, State = Now.Cancel ? JobState.Cancelled : Now.Lost == 4 ? JobState.Failed : JobState.Queued },
                Released => Now with { State = Now.Cancel ? JobState.Cancelled : JobState.Queued },
                Undelivered undone => beforeClaims[undone.Version],
                CancelRequested => Now with { Cancel = IsRunning, State = IsRunning ? JobState.Running : JobState.Cancelled },
                _ => Now,
            };
        }
    }
}
