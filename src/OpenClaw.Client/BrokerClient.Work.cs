using System.Globalization;
using System.Net.Http.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>What workers ask and say.</summary>
public sealed partial class BrokerClient
{
    /// <summary>Claims the next job this worker may take; null where none came within <paramref name="wait"/>.</summary>
    /// <param name="claimId">Random for each claim; after a lost answer the same id gives the same claim.</param>
    public async Task<JobView?> ClaimAsync(string claimId, TimeSpan wait, CancellationToken stop = default)
    {
        var answer = await SendAsync(HttpMethod.Get, "jobs/next" + Wait(wait), WireJson.Default.ClaimAnswer, stop, request =>
            AddClaim(request, claimId), wait);
        return answer.Job is { } job ? Received(job) : null;
    }

    /// <summary>Claims up to so many jobs at once; none where none came within <paramref name="wait"/>, and one from a broker that knows no more.</summary>
    /// <param name="claimId">After a lost answer the same id gives those of the claim that still run.</param>
    /// <param name="most">100 at most.</param>
    public async Task<IReadOnlyList<JobView>> ClaimManyAsync(string claimId, int most, TimeSpan wait, CancellationToken stop = default)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"jobs/next{(wait > TimeSpan.Zero ? Wait(wait) + "&" : "?")}max={most}");
        var answer = await SendAsync(HttpMethod.Get, path, WireJson.Default.ManyClaimsAnswer, stop, request => AddClaim(request, claimId), wait);
        IReadOnlyList<JobView> jobs = answer.Jobs ?? (answer.Job is { } one ? [one] : []);
        return [.. jobs.Select(Received)];
    }

    /// <summary>Says what became of jobs, up to 100; each has an outcome of its own.</summary>
    public async Task<IReadOnlyList<EndOutcome>> EndManyAsync(IReadOnlyList<JobEnd> ends, CancellationToken stop = default)
    {
        const string Path = "jobs/results";
        var answer = await SendAsync(HttpMethod.Post, Path, WireJson.Default.ResultsAnswer, stop, request =>
        {
            AddWorker(request, null);
            request.Content = JsonContent.Create(new ResultsBody(ends), WireJson.Default.ResultsBody);
        });
        if (answer.Results.Count == ends.Count) return answer.Results;
        throw BrokerException.Unreadable(200, new Uri(http.BaseAddress!, Path), $"{ends.Count} outcomes were sent and {answer.Results.Count} are answered");
    }

    /// <param name="news">How far the job is; null where nothing new is to be said.</param>
    public async Task<HeartbeatAnswer> HeartbeatAsync(string id, string? leaseToken, HeartbeatBody? news = null, CancellationToken stop = default)
    {
        var answer = await SendAsync(HttpMethod.Post, Job(id, "/heartbeat"), WireJson.Default.HeartbeatAnswer, stop, request =>
        {
            AddWorker(request, leaseToken);
            if (news is not null) request.Content = JsonContent.Create(news, WireJson.Default.HeartbeatBody);
        });
        return answer with { LeaseSeconds = LeaseSeconds(answer.LeaseSeconds) ?? 0 };
    }

    public Task<Acknowledgement> FinishAsync(string id, string? leaseToken, string result, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/result"), WireJson.Default.Acknowledgement, stop, request =>
        {
            AddWorker(request, leaseToken);
            request.Content = JsonContent.Create(new ResultBody(result), WireJson.Default.ResultBody);
        });

    /// <param name="isRetryable">Whether another try might do better.</param>
    /// <param name="retryAfter">When that may be at the earliest; null where the job's own pauses will do.</param>
    public Task<Acknowledgement> FailAsync(
        string id, string? leaseToken, string error, bool isRetryable = true, TimeSpan? retryAfter = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/fail"), WireJson.Default.Acknowledgement, stop, request =>
        {
            AddWorker(request, leaseToken);
            request.Content = JsonContent.Create(new FailBody(error, isRetryable ? null : false, retryAfter?.TotalSeconds), WireJson.Default.FailBody);
        });

    /// <summary>Gives a claimed job back without spending a failure.</summary>
    public Task<Acknowledgement> ReleaseAsync(string id, string? leaseToken, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/release"), WireJson.Default.Acknowledgement, stop, request => AddWorker(request, leaseToken));

    /// <summary>Gives a claimed job back to be held until a person has said yes to it.</summary>
    /// <param name="reason">What that person is told.</param>
    public Task<Acknowledgement> HoldForApprovalAsync(string id, string? leaseToken, string reason, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/release"), WireJson.Default.Acknowledgement, stop, request =>
        {
            AddWorker(request, leaseToken);
            request.Content = JsonContent.Create(new ReleaseBody(reason, "approval"), WireJson.Default.ReleaseBody);
        });

    /// <summary>The results of the jobs that a claimed one depends on.</summary>
    public Task<ParentResults> GetParentsAsync(string id, string? leaseToken, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Job(id, "/parents"), WireJson.Default.ParentResults, stop, request => AddWorker(request, leaseToken));

    /// <summary>Tells the broker what this worker is.</summary>
    public Task<ToldWorker> TellAsync(WorkerBody worker, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Put, "workers/me", WireJson.Default.ToldWorker, stop, request =>
        {
            AddWorker(request, null);
            request.Headers.Date = clock.GetUtcNow();
            request.Content = JsonContent.Create(worker, WireJson.Default.WorkerBody);
        });

    /// <summary>What this worker is to stop; with <paramref name="wait"/> once there is something.</summary>
    /// <param name="after">The <see cref="WorkerOrders.Seq"/> of the answer before.</param>
    public Task<WorkerOrders> GetOrdersAsync(long? after, TimeSpan wait, CancellationToken stop = default)
    {
        var path = "workers/me/control" + Wait(wait);
        if (after is { } seq) path += string.Create(CultureInfo.InvariantCulture, $"{(path.Contains('?') ? '&' : '?')}after={seq}");
        return SendAsync(HttpMethod.Get, path, WireJson.Default.WorkerOrders, stop, request => AddWorker(request, null), wait);
    }

    /// <summary>A lease that a timer can follow: between a tenth of a second and a day; null where there is none.</summary>
    private static double? LeaseSeconds(double? sent) => sent > 0 ? Math.Clamp(sent.Value, 0.1, 86400) : null;

    private void AddClaim(HttpRequestMessage request, string claimId)
    {
        AddWorker(request, null);
        request.Headers.Add(HeaderNames.ClaimId, claimId);
        if (credentials.Caps.Count > 0) request.Headers.Add(HeaderNames.WorkerCaps, string.Join(',', credentials.Caps));
        if (commands is not null) request.Headers.Add(HeaderNames.WorkerCommands, commands);
    }

    private static JobView Received(JobView job) => job with { LeaseSeconds = LeaseSeconds(job.LeaseSeconds) };

    private void AddWorker(HttpRequestMessage request, string? leaseToken)
    {
        request.Headers.TryAddWithoutValidation(HeaderNames.WorkerToken, credentials.WorkerToken);
        if (credentials.WorkerId is { } worker) request.Headers.TryAddWithoutValidation(HeaderNames.WorkerId, worker);
        if (leaseToken is not null) request.Headers.Add(HeaderNames.LeaseToken, leaseToken);
    }
}
