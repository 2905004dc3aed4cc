using OpenClaw.Programs;
using OpenClaw.Runner.Outbox;

namespace OpenClaw.Runner;

/// <summary>
/// One line per event: time, level, what happened, then <c>name=value</c> facts. One method per event, so that the list below
/// shows all that is ever written; none takes a token, a payload, a result or an error text of a job.
/// </summary>
internal sealed class RunnerLog(TextWriter to, TimeProvider clock)
{
    private readonly ProgramLog log = new(to, clock);

    public void Started(Uri broker, string workerId, int concurrency, string stateFolder) => log.Info(
        "runner started", ("broker", broker.AbsoluteUri.TrimEnd('/')), ("worker_id", workerId), ("concurrency", concurrency), ("state_dir", stateFolder));

    public void Stopping() => log.Info("stopping: no more claims, running jobs get their grace");

    public void Stopped() => log.Info("runner stopped");

    public void DiskFailed(string part, OutboxException e) => log.Error("runner ends: its disk fails", ("part", part), ("why", e.Message));

    public void LoopFailed(string part, Exception e) => log.Error("runner ends: a part of it failed", e, ("part", part), ("why", e.Message));

    public void Claimed(string jobId, string command, int attempt) => log.Info("job claimed", ("job_id", jobId), ("command", command), ("attempt", attempt));

    public void StrangeJob() =>
        log.Error("claimed something that is no job (id, command or lease token is missing or malformed), or more than was asked for. "
            + "Left alone; is BROKER_URL a broker?");

    public void NotSigned(string jobId) => log.Warn("job refused: it is not signed by one of JOB_KEYS, or not for now", ("job_id", jobId));

    public void HandlerEnded(string jobId, string outcome, TimeSpan took) =>
        log.Info("handler ended", ("job_id", jobId), ("outcome", outcome), ("ms", (long)took.TotalMilliseconds));

    public void HandlerStuck(string jobId) => log.Warn("handler ignores its cancellation and was left behind", ("job_id", jobId));

    public void Delivered(string jobId, string status, string? note) => log.Info("outcome delivered", ("job_id", jobId), ("status", status), ("note", note));

    public void DeliveryFailed(string jobId, string why) => log.Warn("outcome kept in the outbox, will be sent again", ("job_id", jobId), ("why", why));

    public void Orphaned(string jobId, int status, string why) =>
        log.Error("outcome refused for good, kept in outbox/orphans", ("job_id", jobId), ("http", status), ("why", why));

    public void OutboxLoaded(int count) => log.Info("outcomes of an earlier run found in the outbox", ("count", count));

    public void OutboxUnreadable(string file) => log.Error("file in the outbox is no outcome, moved to outbox/orphans", ("file", file));

    public void HeartbeatFailed(string jobId, string why) => log.Warn("heartbeat failed", ("job_id", jobId), ("why", why));

    public void LeaseLost(string jobId, string? state) => log.Warn("job belongs to this runner no more, dropped", ("job_id", jobId), ("state", state));

    public void StreamRefused(string jobId, string why) =>
        log.Warn("the broker does not take what the job writes; its result comes all the same", ("job_id", jobId), ("why", why));

    public void StreamCut(string jobId) => log.Warn("not all that the job wrote could be sent before its end", ("job_id", jobId));

    public void CancelRequested(string jobId) => log.Info("job is to be cancelled", ("job_id", jobId));

    public void Released(string jobId) => log.Info("job given back", ("job_id", jobId));

    public void HeldForApproval(string jobId) => log.Info("job given back until a person says yes to it", ("job_id", jobId));

    public void NotTold(string why) => log.Warn("the broker does not take what this runner tells of itself; its commands are not listed", ("why", why));

    public void CommandsLoaded(int count, string file) => log.Info("commands read", ("count", count), ("file", file));

    public void CommandsRefused(string why) => log.Error("the changed configuration is wrong, the commands of before go on", ("why", why));

    public void ReleaseFailed(string jobId, string why) => log.Warn("job can't be given back, its lease will end by itself", ("job_id", jobId), ("why", why));

    public void BrokerAway(string why, TimeSpan ceiling) =>
        log.Warn("broker does not answer as it should, trying again", ("why", why), ("at_least_every_s", ceiling.TotalSeconds));

    public void BrokerBack() => log.Info("broker answers again");
}
