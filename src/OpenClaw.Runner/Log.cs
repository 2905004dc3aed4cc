using System.Globalization;
using OpenClaw.Contracts;

namespace OpenClaw.Runner;

/// <summary>
/// One line an event: time, level, what happened, then <c>name=value</c> facts. A method an event, so that the list below
/// shows all that is ever written; none takes a token, a payload, a result or an error text of a job.
/// </summary>
internal sealed class Log(TextWriter to, TimeProvider clock)
{
    private readonly Lock gate = new();

    public void Started(Uri broker, string workerId, int concurrency, string stateFolder) => Info(
        "runner started", ("broker", broker.AbsoluteUri.TrimEnd('/')), ("worker_id", workerId), ("concurrency", concurrency), ("state_dir", stateFolder));

    public void Stopping() => Info("stopping: no more claims, running jobs get their grace");

    public void Stopped() => Info("runner stopped");

    public void Claimed(string jobId, string command, int attempt) => Info("job claimed", ("job_id", jobId), ("command", command), ("attempt", attempt));

    public void StrangeJob() => Error("claimed a job whose id is no UUID: left alone. Is BROKER_URL a broker?");

    public void HandlerEnded(string jobId, string outcome, TimeSpan took) =>
        Info("handler ended", ("job_id", jobId), ("outcome", outcome), ("ms", (long)took.TotalMilliseconds));

    public void HandlerStuck(string jobId) => Warn("handler ignores its cancellation and was left behind", ("job_id", jobId));

    public void Delivered(string jobId, string status, string? note) => Info("outcome delivered", ("job_id", jobId), ("status", status), ("note", note));

    public void DeliveryFailed(string jobId, string why) => Warn("outcome kept in the outbox, will be sent again", ("job_id", jobId), ("why", why));

    public void Orphaned(string jobId, int status, string why) => Error("outcome refused for good, kept in outbox/orphans", ("job_id", jobId), ("http", status), ("why", why));

    public void OutboxLoaded(int count) => Info("outcomes of an earlier run found in the outbox", ("count", count));

    public void OutboxFailed(string jobId, string why) => Error("outcome can't be kept on disk, sending it from memory", ("job_id", jobId), ("why", why));

    public void OutboxUnreadable(string file) => Error("file in the outbox is no outcome, moved to outbox/orphans", ("file", file));

    public void HeartbeatFailed(string jobId, string why) => Warn("heartbeat failed", ("job_id", jobId), ("why", why));

    public void LeaseLost(string jobId, string? state) => Warn("job belongs to this runner no more, dropped", ("job_id", jobId), ("state", state));

    public void CancelRequested(string jobId) => Info("job is to be cancelled", ("job_id", jobId));

    public void Released(string jobId) => Info("job given back", ("job_id", jobId));

    public void ReleaseFailed(string jobId, string why) => Warn("job can't be given back, its lease will end by itself", ("job_id", jobId), ("why", why));

    public void BrokerAway(string why, TimeSpan ceiling) =>
        Warn("broker does not answer as it should, trying again", ("why", why), ("at_least_every_s", ceiling.TotalSeconds.ToString(CultureInfo.InvariantCulture)));

    public void BrokerBack() => Info("broker answers again");

    private void Info(string what, params IEnumerable<(string Name, object? Value)> facts) => Write("info", what, facts);

    private void Warn(string what, params IEnumerable<(string Name, object? Value)> facts) => Write("warn", what, facts);

    private void Error(string what, params IEnumerable<(string Name, object? Value)> facts) => Write("error", what, facts);

    private void Write(string level, string what, IEnumerable<(string Name, object? Value)> facts)
    {
        var line = LogLine.Format(clock.GetUtcNow(), level, what, facts);
        lock (gate) to.WriteLine(line);
    }
}
