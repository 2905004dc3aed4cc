using System.Net.Http.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>What waits for a person's yes.</summary>
public sealed partial class BrokerClient
{
    /// <summary>A page of the jobs that wait, the oldest first.</summary>
    public Task<ApprovalPage> ListApprovalsAsync(string? cursor = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, cursor is null ? "approvals" : $"approvals?cursor={Uri.EscapeDataString(cursor)}", WireJson.Default.ApprovalPage, stop,
            AddBot);

    /// <summary>Says yes or no to exactly what was shown.</summary>
    /// <exception cref="BrokerException">409 <c>digest_changed</c>: it is another by now; <c>already_decided</c>; 403 <c>own_job</c>.</exception>
    public Task<DecidedJob> DecideAsync(string id, bool isYes, string digest, string? comment = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Job(id, isYes ? "/approve" : "/deny"), WireJson.Default.DecidedJob, stop, request =>
        {
            AddBot(request);
            request.Content = JsonContent.Create(new DecisionBody(digest, comment), WireJson.Default.DecisionBody);
        });
}
