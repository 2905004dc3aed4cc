using System.Globalization;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Workers;

namespace OpenClaw.Broker.Explain;

/// <summary>Why a job is where it is, as a word, a sentence and the commands that help.</summary>
/// <param name="Since">Milliseconds since 1970.</param>
/// <param name="Until">When it changes by itself.</param>
/// <param name="Blockers">What stands in the way: its kind and its name.</param>
internal sealed record Explanation(string Code, string Text, long? Since, long? Until, IReadOnlyList<(string Kind, string Name)> Blockers,
    params IReadOnlyList<string> Mend)
{
    /// <summary>The first that fits: its end, its worker, what holds it, its time, its serial key, drains and pauses, and who could do it.</summary>
    public static Explanation Of(Job job, Surroundings at) =>
        Ended(job) ?? Running(job, at) ?? Held(job, at) ?? Timed(job) ?? Blocked(job, at) ?? Paused(job, at) ?? Limited(job, at) ?? Workers(job, at);

    private static Explanation? Ended(Job job)
    {
        if (!job.IsFinal) return null;
        var retry = $"clawctl retry {job.Id}";
        var error = job.Error ?? "no error given";
        return job.Outcome switch
        {
            Outcome.Ok => Say("ok", "it is done", []),
            Outcome.Expired => Say("expired", "no worker started it in time", [retry, "clawctl submit … --expires, with more time"]),
            Outcome.TimedOut => Say("timed_out", $"its last attempt took too long: {error}", [retry]),
            Outcome.LostTooOften => Say("lost_too_often",
                $"its workers went silent {job.LostLeases} times; does the work crash them?", [$"clawctl history {job.Id}", retry]),
            Outcome.Cancelled => Say("cancelled", $"somebody cancelled it: {error}", [retry]),
            Outcome.Denied => Say("denied", error, [retry]),
            Outcome.ParentFailed => Say("parent_failed", error, [retry]),
            _ => Say("failed", $"it failed {Times(job.Failures)}, the last time with: {error}", [$"clawctl history {job.Id}", retry]),
        };

        Explanation Say(string code, string text, IReadOnlyList<string> mend) => new(code, text, job.FinishedAt, null, [], mend);
    }

    private static Explanation? Running(Job job, Surroundings at)
    {
        if (job.State != JobState.Running) return null;
        var worker = job.WorkerId ?? "a worker without a name";
        IReadOnlyList<(string, string)> blockers = job.WorkerId is { } id ? [("worker", id)] : [];
        if (job.CancelRequested)
        {
            return new Explanation("cancel_asked", $"{worker} is told to stop; the job ends when it says so, or with its lease", job.StartedAt,
                job.LeaseUntil, blockers);
        }
        var left = job.LeaseUntil!.Value - at.Now;
        if (left >= at.LeaseMs / 2) return new Explanation("running", $"{worker} works on it, attempt {job.Attempt}", job.StartedAt, null, blockers);
        return new Explanation("silent", string.Create(CultureInfo.InvariantCulture,
            $"{worker} has not been heard of for {(at.LeaseMs - left) / 1000} s; in {Math.Max(0, left / 1000)} s another may have the job"),
            job.StartedAt, job.LeaseUntil, blockers, "look at that machine", $"clawctl cancel {job.Id}");
    }

    private static Explanation? Held(Job job, Surroundings at)
    {
        if (job.State != JobState.Held) return null;
        var hold = job.Holds[0];
        if (hold.Kind == HoldKinds.Parents)
        {
            var parents = hold.Left == 1 ? "a job" : $"{hold.Left} jobs";
            return new Explanation("awaiting_parents", $"it waits for the end of {parents} that it depends on", hold.Since, job.ExpiresAt,
                [.. at.Parents.Select(static p => ("job", p))], [.. at.Parents.Take(3).Select(static p => $"clawctl explain {p}")]);
        }
        if (hold.Kind == HoldKinds.Batch)
        {
            return new Explanation("awaiting_parents", $"it waits until no job of batch {hold.Detail} is unfinished", hold.Since, job.ExpiresAt,
                [("batch", hold.Detail!)], $"clawctl jobs --batch {hold.Detail}");
        }
        if (hold.Kind == HoldKinds.Approval)
        {
            var whom = job.Approval!.By is { } by ? string.Join(", ", by) : "somebody who may";
            return new Explanation("awaiting_approval", $"it waits until {whom} approves it{(hold.Detail is null ? "" : $": {hold.Detail}")}", hold.Since,
                DecisionRules.Deadline(job), [("hold", hold.Kind)], "GET /approvals shows it, with the digest that POST /jobs/ID/approve takes");
        }
        var text = $"{hold.By ?? "somebody"} holds it{(hold.Detail is null ? "" : $": {hold.Detail}")}";
        return new Explanation("held_by_person", text, hold.Since, job.ExpiresAt, [.. job.Holds.Select(static h => ("hold", h.Kind))],
            $"clawctl unhold {job.Id}");
    }

    private static Explanation? Timed(Job job)
    {
        if (job.State != JobState.Scheduled) return null;
        var run = $"clawctl snooze {job.Id} 1s";
        return job.Failures > 0
            ? new Explanation("backing_off", $"it failed {Times(job.Failures)} of at most {job.MaxAttempts} and waits for its next attempt", null,
                job.RunAt, [], run)
            : new Explanation("not_yet", "its time has not come", job.CreatedAt, job.RunAt, [], run);
    }

    private static Explanation? Blocked(Job job, Surroundings at) => job.IsReady ? null : new Explanation("serial_blocked",
        $"it comes after {at.Before?.Id.ToString() ?? "another job"}, which has the same serial key", job.CreatedAt, null,
        at.Before is { } before ? [("job", before.Id.ToString())] : [], at.Before is { } first ? [$"clawctl status {first.Id}"] : []);

    private static Explanation? Paused(Job job, Surroundings at)
    {
        if (at.Drain is { } drain)
        {
            return new Explanation("draining", $"the whole broker is {drain}: nothing new is claimed", drain.Since, drain.Until, [("drain", "broker")],
                "clawctl queues resume");
        }
        if (at.Pause is not { } pause) return null;
        return new Explanation(pause.IsDrain ? "draining" : "queue_paused", $"its queue is {pause}", pause.Since, pause.Until, [("queue", job.Queue)],
            $"clawctl queues resume {job.Queue}");
    }

    private static Explanation? Limited(Job job, Surroundings at)
    {
        if (at.Queue?.Closed.FirstOrDefault(c => Concerns(c, job)) is not { Limit: var limit } closed) return null;
        var (whose, name) = limit.By switch
        {
            LimitBy.Command => ($"of command '{closed.Name}'", closed.Name!),
            LimitBy.Requester => ($"for {closed.Name}", closed.Name!),
            _ => ("of its queue", job.Queue),
        };
        var text = closed.OpensInMs is null && limit.MaxRunning is { } most
            ? $"{whose} {most} may run at once, and do"
            : string.Create(CultureInfo.InvariantCulture, $"{whose} {limit.Starts} may start in {limit.PerMs / 1000.0} s, and have");
        return new Explanation("limit_reached", text, job.CreatedAt, closed.OpensInMs is { } ms ? at.Now + ms : null, [(limit.By.Name(), name)],
            "wait, or change the limit: clawctl queues limit " + job.Queue);
    }

    private static bool Concerns(ClosedShare closed, Job job) => closed.Limit.By switch
    {
        LimitBy.Command => closed.Name == job.Command,
        LimitBy.Requester => closed.Name == job.Requester,
        _ => true,
    };

    private static Explanation Workers(Job job, Surroundings at)
    {
        var there = at.Workers.Where(w => w.IsThere(at.Now)).ToList();
        if (there.All(w => !w.Serves(job.Queue)))
        {
            return new Explanation("no_worker_seen", $"no worker has asked for a job of queue '{job.Queue}' in the last two minutes", job.CreatedAt,
                job.ExpiresAt, [("queue", job.Queue)], "start a runner for this queue", "clawctl workers");
        }
        var able = there.Where(w => w.Serves(job.Queue) && w.Class.HasAll(job.Caps)).ToList();
        if (able.Count == 0)
        {
            return new Explanation("no_worker_with_caps", $"no worker that is there has all it needs: {string.Join(", ", job.Caps.Names)}", job.CreatedAt,
                job.ExpiresAt, [.. job.Caps.Names.Select(static name => ("capability", name))],
                $"start a runner with WORKER_CAPS={string.Join(',', job.Caps.Names)}", "clawctl workers");
        }
        able.RemoveAll(w => !w.Class.Commands.Has(job.Command));
        if (able.Count == 0)
        {
            return new Explanation("no_worker_for_command", $"no worker that is there takes the command '{job.Command}'", job.CreatedAt, job.ExpiresAt,
                [("command", job.Command)], "clawctl commands", "start a runner that has this command");
        }
        if (able.All(w => at.IsDrained(w.Id)))
        {
            return new Explanation("workers_draining", $"somebody drains {(able.Count == 1 ? "the worker" : $"all {able.Count} workers")} that could do it",
                job.CreatedAt, job.ExpiresAt, [.. able.Select(static w => ("worker", w.Id))], $"clawctl workers resume {able[0].Id}");
        }
        able.RemoveAll(w => at.IsDrained(w.Id));
        var ahead = at.Ahead == 0 ? "it is the next of its kind"
            : $"its turn comes after {at.Ahead}{(at.Ahead >= Surroundings.MostCounted ? " or more" : "")} of its kind";
        return able.All(w => at.IsBusy(w.Id))
            ? new Explanation("workers_busy", $"all {able.Count} that could do it work on others; {ahead}", job.CreatedAt, job.ExpiresAt,
                [.. able.Select(static w => ("worker", w.Id))], "start another runner")
            : new Explanation("ready", $"it can be claimed; {ahead}", job.CreatedAt, job.ExpiresAt, []);
    }

    private static string Times(int n) => n == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{n} times");
}

/// <summary>What a job's being where it is depends on.</summary>
/// <param name="Now">Milliseconds since 1970.</param>
/// <param name="Before">The first job of its serial key, where that is another.</param>
/// <param name="Ahead">
/// How many ready jobs of its kind come before it, which have its command, capabilities and requester; <see cref="MostCounted"/> where there are more.
/// </param>
internal sealed record Surroundings(long Now, long LeaseMs, Pause? Drain, Pause? Pause, Job? Before, long Ahead, IReadOnlyCollection<Worker> Workers,
    Func<string, bool> IsBusy)
{
    public const int MostCounted = 1000;

    /// <summary>What its queue says, where it is ready and the queue has a limit.</summary>
    public QueueView? Queue { get; init; }

    /// <summary>Whether a worker of that id gets no more jobs.</summary>
    public Func<string, bool> IsDrained { get; init; } = static _ => false;

    /// <summary>The first unfinished jobs that it depends on.</summary>
    public IReadOnlyList<string> Parents { get; init; } = [];
}
