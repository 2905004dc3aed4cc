using CsCheck;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;

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
        foreach (var move in moves)
        {
            model.Now += move.Wait;
            var e = Event(move, model);
            var step = JobRules.Next(job, e);
            var allowed = model.Allows(e);
            Assert.True(allowed == step.Next is not null, $"{e} on {job}: the model {(allowed ? "allows" : "refuses")} it, the rules answer {step.Refusal}");
            Assert.Equal(step.Next is null, step.Refusal != Refusal.None);
            if (step.Next is not { } next) continue;
            CheckInvariants(job, next);
            model.Apply(e);
            Assert.Equal(model.State, next.State);
            Assert.Equal(model.Attempt, next.Attempt);
            job = next;
        }
    });

    [Fact]
    public void FifthLostLeaseFailsTheJob()
    {
        var job = NewJob();
        for (var n = 1; n <= Job.MaxLostLeases; n++)
        {
            job = Apply(job, new Claimed(n * 2 * Lease, (n * 2 + 1) * Lease, $"t{n}", null, null));
            job = Apply(job, new LeaseEnded((n * 2 + 1) * Lease, (n * 2 + 1) * Lease, $"t{n}"));
        }
        Assert.Equal((JobState.Failed, "lease lost 5 times", 5, 0), (job.State, job.Error, job.LostLeases, job.Failures));
    }

    [Fact]
    public void LeaseEndsAtItsMillisecondAndNotBefore()
    {
        var job = Claim(NewJob());
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(job, new LeaseEnded(Lease - 1, Lease - 1, "t")).Refusal);
        Assert.Equal(JobState.Queued, Apply(job, new LeaseEnded(Lease, Lease, "t")).State);
    }

    [Fact]
    public void LateResultOfTheNewestAttemptIsWelcomeUntilTheNextClaim()
    {
        var queuedAgain = Apply(Claim(NewJob()), new LeaseEnded(Lease, Lease, "t"));
        Assert.Equal(JobState.Done, Apply(queuedAgain, new Finished(Lease, "t", null, [])).State);
        Assert.Equal(JobState.Done, Apply(queuedAgain, new Finished(Lease, null, "anna", [])).State);
        Assert.Equal(Refusal.NotRunning, JobRules.Next(queuedAgain, new Finished(Lease, null, "bert", [])).Refusal);
        Assert.Equal(Refusal.NotRunning, JobRules.Next(queuedAgain, new Finished(Lease, null, null, [])).Refusal);
        var claimedAgain = Claim(queuedAgain, "u", "bert");
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(claimedAgain, new Finished(Lease, "t", "anna", [])).Refusal);
        Assert.Equal(Refusal.WrongWorker, JobRules.Next(claimedAgain, new Finished(Lease, null, "anna", [])).Refusal);
    }

    [Fact]
    public void StaleTokenIsRefusedOnAFinalJobToo()
    {
        var done = Apply(Claim(Apply(Claim(NewJob()), new LeaseEnded(Lease, Lease, "t")), "u"), new Finished(Lease, "u", null, []));
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
        var undone = Apply(Claim(NewJob()), new Undelivered(5, "t", 0));
        Assert.Equal(NewJob(), undone);
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(Claim(NewJob(), "u"), new Undelivered(5, "t", 0)).Refusal);
        Assert.Equal(Refusal.LeaseLost, JobRules.Next(Claim(NewJob()) with { Version = 3 }, new Undelivered(5, "t", 2)).Refusal); // a heartbeat came: it was delivered
    }

    [Theory]
    [InlineData(null, "cancelled")]
    [InlineData("no longer needed", "cancelled: no longer needed")]
    public void CancelOfARunningJobWaitsForItsWorker(string? reason, string error)
    {
        var asked = Apply(Claim(NewJob()), new CancelRequested(5, reason));
        Assert.Equal((JobState.Running, true, null), (asked.State, asked.CancelRequested, asked.Error));
        Assert.Equal((JobState.Cancelled, error), EndOf(asked, new Failed(6, "t", null, "cancelled")));
        Assert.Equal((JobState.Cancelled, error), EndOf(asked, new Released(6, "t", null)));
        Assert.Equal((JobState.Cancelled, error), EndOf(asked, new LeaseEnded(Lease, Lease, "t")));
        Assert.Equal((JobState.Cancelled, error), EndOf(asked, new Undelivered(6, "t", 0)));
        Assert.Equal((JobState.Done, null), EndOf(asked, new Finished(6, "t", null, [])));
        Assert.Equal((JobState.Cancelled, error), EndOf(NewJob(), new CancelRequested(5, reason)));
    }

    private static (JobState, string?) EndOf(Job job, JobEvent e) => Apply(job, e) is var end ? (end.State, end.Error) : default;

    private static Job NewJob() => new() { Id = Guid.Empty, Command = "ping", Seq = 7 };

    private static Job Claim(Job job, string token = "t", string worker = "anna") => Apply(job, new Claimed(0, Lease, token, worker, null));

    private static Job Apply(Job job, JobEvent e) => JobRules.Next(job, e).Next ?? throw new InvalidOperationException($"{e} was refused: {JobRules.Next(job, e).Refusal}");

    private static JobEvent Event(Move move, Model model)
    {
        var worker = move.Who < 0 ? null : Workers[move.Who];
        var token = move.TokenAge < 0 ? null : model.Token(move.TokenAge);
        return move.Kind switch
        {
            0 or 1 => new Claimed(model.Now, model.Now + Lease, $"token{model.Claims + 1}", worker, null),
            2 => new Finished(model.Now, token, worker, []),
            3 => new Failed(model.Now, token, worker, "e"),
            4 => new Heartbeat(model.Now, token, worker, model.Now + Lease),
            5 => new Released(model.Now, token, worker),
            6 => new LeaseEnded(model.Now, model.Now, token ?? "none"),
            7 => new Undelivered(model.Now, token ?? "none", 0),
            _ => new CancelRequested(model.Now, null),
        };
    }

    private static void CheckInvariants(Job before, Job after)
    {
        Assert.False(before.IsFinal, "a final state changed");
        Assert.Equal((before.Seq, before.Id, before.CreatedAt), (after.Seq, after.Id, after.CreatedAt));
        Assert.Equal(after.State == JobState.Running, after.LeaseUntil is not null);
        Assert.Equal(after.IsFinal, after.FinishedAt is not null);
        Assert.InRange(after.LostLeases, before.LostLeases, Job.MaxLostLeases);
        if (after.State == JobState.Running) Assert.NotNull(after.LeaseToken);
        if (before.CancelRequested) Assert.NotEqual(JobState.Queued, after.State);
    }

    /// <summary>What a job may do, written a second time and as simply as can be.</summary>
    private sealed class Model
    {
        private readonly List<string> tokens = [];
        private string? holder;
        private string? newest;
        private long leaseEnd;
        private int lost;
        private bool cancel;

        public long Now { get; set; }

        public int Claims => tokens.Count;

        public int Attempt { get; private set; }

        public JobState State { get; private set; } = JobState.Queued;

        public string Token(int age) => tokens.Count > age ? tokens[^(age + 1)] : "never";

        private bool IsOver => State is JobState.Done or JobState.Failed or JobState.Cancelled;

        public bool Allows(JobEvent e) => !IsOver && e switch
        {
            Claimed => State == JobState.Queued,
            Finished f => Speaks(f) && (State == JobState.Running || f.Token is not null || Attempt > 0 && f.WorkerId is not null && f.WorkerId == holder),
            Failed f => Speaks(f),
            Heartbeat h => Speaks(h) && State == JobState.Running,
            Released r => Speaks(r) && State == JobState.Running,
            LeaseEnded l => State == JobState.Running && l.Token == newest && Now >= leaseEnd,
            Undelivered u => State == JobState.Running && u.Token == newest,
            CancelRequested => State == JobState.Queued || !cancel,
            _ => throw new ArgumentException(e.ToString()),
        };

        public void Apply(JobEvent e)
        {
            switch (e)
            {
                case Claimed c:
                    tokens.Add(c.Token);
                    (State, newest, holder, leaseEnd) = (JobState.Running, c.Token, c.WorkerId, c.LeaseUntil);
                    Attempt++;
                    break;
                case Finished:
                    State = JobState.Done;
                    break;
                case Failed:
                    State = cancel ? JobState.Cancelled : JobState.Failed;
                    break;
                case Heartbeat h:
                    leaseEnd = h.LeaseUntil;
                    break;
                case LeaseEnded:
                    lost++;
                    State = cancel ? JobState.Cancelled : lost == 5 ? JobState.Failed : JobState.Queued;
                    break;
                case Released:
                    State = cancel ? JobState.Cancelled : JobState.Queued;
                    break;
                case Undelivered:
                    State = cancel ? JobState.Cancelled : JobState.Queued;
                    Attempt--;
                    (newest, holder) = (null, null);
                    break;
                case CancelRequested:
                    cancel = true;
                    if (State == JobState.Queued) State = JobState.Cancelled;
                    break;
            }
        }

        private bool Speaks(HolderEvent e) => e.Token is not null
            ? e.Token == newest
            : State != JobState.Running || e.WorkerId is null || holder is null || e.WorkerId == holder;
    }
}
