using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>
/// The HTTP API as methods. One call is one request: nothing is retried here, since only the caller knows what is safe to repeat.
/// Whatever goes wrong is a <see cref="BrokerException"/>; only the caller's own token ends a call with <see cref="OperationCanceledException"/>.
/// </summary>
public sealed partial class BrokerClient
{
    /// <summary>How much longer than its <c>wait</c> a long poll may take before the connection counts as dead.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly TimeProvider clock;
    private readonly BrokerCredentials credentials;

    /// <summary>As JSON, whose escapes any header can carry.</summary>
    private volatile string? commands;

    /// <param name="http">Its <see cref="HttpClient.BaseAddress"/> is set here; deadlines are kept here, so its own is switched off.</param>
    public BrokerClient(HttpClient http, Uri broker, BrokerCredentials credentials, TimeProvider clock)
    {
        http.BaseAddress = new Uri(broker.AbsoluteUri.TrimEnd('/') + "/");
        http.Timeout = Timeout.InfiniteTimeSpan;
        (this.http, this.credentials, this.clock) = (http, credentials, clock);
        if (credentials.Commands is { } names) Take(names);
    }

    private BrokerClient(BrokerClient other, BrokerCredentials credentials) =>
        (http, this.credentials, clock, commands) = (other.http, credentials, other.clock, other.commands);

    /// <summary>From now on claims are for these commands.</summary>
    public void Take(IReadOnlyList<string> names) => commands = JsonSerializer.Serialize(names, WireJson.Default.IReadOnlyListString);

    /// <summary>What an error within an answer says; null where it has no words.</summary>
    public static string? WordsOf(Problem? problem) => problem is null ? null : BrokerAnswer.Describe(problem.Detail);

    /// <summary>The same client, speaking for a person.</summary>
    public BrokerClient For(string person) => new(this, credentials with { ActingFor = person });

    public Task<Health> GetHealthAsync(CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, "health", WireJson.Default.Health, stop);

    /// <summary>Creates a job. With a key, the same call again gives the same job again.</summary>
    public Task<CreatedJob> CreateAsync(CreateJob job, string? idempotencyKey = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, "jobs", WireJson.Default.CreatedJob, stop, request =>
        {
            AddBot(request);
            if (idempotencyKey is not null) request.Headers.Add(HeaderNames.IdempotencyKey, idempotencyKey);
            request.Content = JsonContent.Create(job, WireJson.Default.CreateJob);
        });

    /// <summary>Makes many jobs in one commit. With a key, the same call again gives the same answer again.</summary>
    /// <param name="body">JSON, as the API takes it: up to 1,000 jobs and 8 MiB.</param>
    public Task<BatchAnswer> CreateBatchAsync(string body, string? idempotencyKey = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, "jobs/batch", WireJson.Default.BatchAnswer, stop, request =>
        {
            AddBot(request);
            if (idempotencyKey is not null) request.Headers.Add(HeaderNames.IdempotencyKey, idempotencyKey);
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        });

    /// <summary>The job as it is; with a <paramref name="wait"/> (up to 60 s) as it is when it ends or when that time is over.</summary>
    public Task<JobView> GetAsync(string id, TimeSpan wait = default, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Job(id) + Wait(wait), WireJson.Default.JobView, stop, AddBot, wait);

    /// <summary>A page of jobs, newest first, without payloads and results.</summary>
    public Task<JobPage> ListAsync(JobFilter filter, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, "jobs" + filter.ToQuery(), WireJson.Default.JobPage, stop, AddBot);

    public Task<Acknowledgement> CancelAsync(string id, string? reason = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/cancel"), WireJson.Default.Acknowledgement, stop, request =>
        {
            AddBot(request);
            request.Content = JsonContent.Create(new CancelBody(reason), WireJson.Default.CancelBody);
        });

    /// <summary>All tokens, without their secrets. As all about tokens, for an admin's token as <see cref="BrokerCredentials.BotToken"/>.</summary>
    public Task<TokenPage> ListTokensAsync(CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, "tokens", WireJson.Default.TokenPage, stop, AddBot);

    /// <summary>Makes a token; its secret is in this answer alone.</summary>
    public Task<TokenView> CreateTokenAsync(NewToken token, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, "tokens", WireJson.Default.TokenView, stop, request =>
        {
            AddBot(request);
            request.Content = JsonContent.Create(token, WireJson.Default.NewToken);
        });

    public Task<RevokedToken> RevokeTokenAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Delete, $"tokens/{Uri.EscapeDataString(name)}", WireJson.Default.RevokedToken, stop, AddBot);

    /// <summary>Makes a code by which a machine fetches its own token, once.</summary>
    public Task<EnrolmentOffer> OfferEnrolmentAsync(NewEnrolment enrolment, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, "enrolments", WireJson.Default.EnrolmentOffer, stop, request =>
        {
            AddBot(request);
            request.Content = JsonContent.Create(enrolment, WireJson.Default.NewEnrolment);
        });

    /// <summary>Fetches a worker's token with such a code; needs no other token.</summary>
    public Task<TokenView> EnrolAsync(string code, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, "enrol", WireJson.Default.TokenView, stop, request =>
            request.Content = JsonContent.Create(new EnrolBody(code), WireJson.Default.EnrolBody));

    /// <summary>A page of what people and tokens did, newest first.</summary>
    public Task<AuditPage> ListAuditAsync(string? cursor = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, cursor is null ? "audit" : $"audit?cursor={Uri.EscapeDataString(cursor)}", WireJson.Default.AuditPage, stop, AddBot);

    /// <summary>Whether the audit is whole, and still holds the link with the given hash.</summary>
    public Task<AuditProof> VerifyAuditAsync(string? head = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, head is null ? "audit/verify" : $"audit/verify?head={Uri.EscapeDataString(head)}", WireJson.Default.AuditProof, stop, AddBot);

    /// <summary>Deletes a job that has ended, with all that it held.</summary>
    public Task<DeletedJob> DeleteAsync(string id, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Delete, Job(id), WireJson.Default.DeletedJob, stop, AddBot);

    /// <summary>Has a job that failed or was cancelled done anew; with a payload, a changed copy of it.</summary>
    /// <param name="withChildren">Whether those that ended through it are done again, too; not of a copy.</param>
    public Task<ChangedJob> RetryAsync(string id, string? payload = null, bool withChildren = false, CancellationToken stop = default) =>
        PostAsync(Job(id, "/retry"), new RetryBody(payload, withChildren), WireJson.Default.RetryBody, WireJson.Default.ChangedJob, stop);

    /// <summary>Has jobs that failed or were cancelled done anew: those that the filter finds, up to a thousand.</summary>
    /// <param name="dryRun">Whether to only say which that would be.</param>
    public Task<ChangedJobs> RetryAsync(JobFilter filter, int limit, bool dryRun, CancellationToken stop = default) =>
        PostAsync("jobs/retry", new ManyJobsBody(filter.ToFilter(), limit, dryRun), WireJson.Default.ManyJobsBody, WireJson.Default.ChangedJobs, stop);

    /// <summary>Holds a waiting job until <see cref="UnholdAsync"/>.</summary>
    public Task<ChangedJob> HoldAsync(string id, string? reason = null, CancellationToken stop = default) =>
        PostAsync(Job(id, "/hold"), new CancelBody(reason), WireJson.Default.CancelBody, WireJson.Default.ChangedJob, stop);

    public Task<ChangedJob> UnholdAsync(string id, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, "/unhold"), WireJson.Default.ChangedJob, stop, AddBot);

    /// <summary>Has a waiting job wait so much longer.</summary>
    public Task<ChangedJob> SnoozeAsync(string id, TimeSpan time, CancellationToken stop = default) =>
        PostAsync(Job(id, "/snooze"), new SnoozeBody(time.TotalSeconds), WireJson.Default.SnoozeBody, WireJson.Default.ChangedJob, stop);

    /// <summary>All that happened to a job.</summary>
    public Task<JobHistoryView> GetHistoryAsync(string id, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Job(id, "/history"), WireJson.Default.JobHistoryView, stop, AddBot);

    /// <summary>Why a job is not running, or how it ended.</summary>
    public Task<JobExplanation> ExplainAsync(string id, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Job(id, "/explain"), WireJson.Default.JobExplanation, stop, AddBot);

    public Task<WorkerPage> ListWorkersAsync(CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, "workers", WireJson.Default.WorkerPage, stop, AddBot);

    /// <summary>Lets a worker have no more jobs, or have them again.</summary>
    public Task<DrainedWorker> DrainWorkerAsync(string worker, bool drain, string? reason = null, CancellationToken stop = default) =>
        PostAsync($"workers/{Uri.EscapeDataString(worker)}/{(drain ? "drain" : "resume")}", new CancelBody(reason), WireJson.Default.CancelBody,
            WireJson.Default.DrainedWorker, stop);

    /// <summary>What can be asked for now.</summary>
    public Task<CommandPage> ListCommandsAsync(CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, "commands", WireJson.Default.CommandPage, stop, AddBot);

    public Task<QueuePage> ListQueuesAsync(CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, "queues", WireJson.Default.QueuePage, stop, AddBot);

    /// <summary>Pauses a queue's claims.</summary>
    /// <param name="drain">Whether it is there to let what runs come to its end.</param>
    public Task<PauseAnswer> PauseQueueAsync(string name, PauseBody pause, bool drain, CancellationToken stop = default) =>
        PostAsync($"queues/{Uri.EscapeDataString(name)}/{(drain ? "drain" : "pause")}", pause, WireJson.Default.PauseBody, WireJson.Default.PauseAnswer, stop);

    public Task<PauseAnswer> ResumeQueueAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, $"queues/{Uri.EscapeDataString(name)}/resume", WireJson.Default.PauseAnswer, stop, AddBot);

    /// <summary>Gives a queue its limits, in the place of those it had.</summary>
    /// <param name="version">What the change was made from: refused where the queue is at another one by now.</param>
    public Task<LimitsAnswer> LimitQueueAsync(string name, IReadOnlyList<LimitView> limits, long? version = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Patch, $"queues/{Uri.EscapeDataString(name)}", WireJson.Default.LimitsAnswer, stop, request =>
        {
            AddBot(request);
            if (version is { } known) request.Headers.TryAddWithoutValidation("If-Match", known.ToString(CultureInfo.InvariantCulture));
            request.Content = JsonContent.Create(new LimitsBody(limits), WireJson.Default.LimitsBody);
        });

    /// <summary>Lets all that runs come to its end: nothing new is claimed.</summary>
    public Task<PauseAnswer> DrainAsync(PauseBody pause, CancellationToken stop = default) =>
        PostAsync("drain", pause, WireJson.Default.PauseBody, WireJson.Default.PauseAnswer, stop);

    public Task<PauseAnswer> UndrainAsync(CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, "undrain", WireJson.Default.PauseAnswer, stop, AddBot);

    private Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken stop)
        where T : class => SendAsync(HttpMethod.Post, path, type, stop, request =>
        {
            AddBot(request);
            request.Content = JsonContent.Create(body, bodyType);
        });

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, JsonTypeInfo<T> type, CancellationToken stop, Action<HttpRequestMessage>? prepare = null, TimeSpan wait = default)
        where T : class
    {
        using var deadline = new CancellationTokenSource(wait + AnswerTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        using var request = new HttpRequestMessage(method, path);
        prepare?.Invoke(request);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return await BrokerAnswer.ReadAsync(response, type, clock.GetUtcNow(), either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw BrokerException.TooSlow(wait + AnswerTimeout);
        }
        catch (HttpRequestException e)
        {
            throw BrokerException.Away(e);
        }
        catch (SocketException e)
        {
            throw BrokerException.Away(e);
        }
        catch (IOException e)
        {
            throw BrokerException.AnswerBroken(e);
        }
    }

    private void AddBot(HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation(HeaderNames.BotToken, credentials.BotToken);
        if (credentials.ActingFor is { } person) request.Headers.Add(HeaderNames.ActingFor, person);
    }

    private static string Job(string id, string verb = "") => $"jobs/{Uri.EscapeDataString(id)}{verb}";

    private static string Wait(TimeSpan wait) =>
        wait > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"?wait={Math.Min(60, Math.Ceiling(wait.TotalSeconds))}") : "";
}
