using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Streams;

/// <summary>
/// <c>GET /jobs/{id}/stream</c>: what a job writes, as it writes it, as server-sent events. Each piece carries its id, and who says which it had last
/// gets what came after, also from a broker that was killed meanwhile.
/// </summary>
internal sealed class StreamApi(
    StreamCalls streams, StreamWaiters waiters, IStore store, IJobStore jobs, ISilence silence, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private const string LastEventId = "Last-Event-ID";
    private const int Page = 200;
    private const long PageBytes = 256 << 10;

    /// <summary>After so long without a piece the client is told that all is well, or why not.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    /// <summary>How long clients of the Python broker are left without a piece.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(3);

    /// <summary>What a worker sends behind its result is still shown to those clients.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/jobs/{id}/stream", (RequestDelegate)StreamAsync).RequireAuthorization(Rights.ListJobs);

    private async Task StreamAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var job = await streams.FindAsync(RequestParts.JobId(context), caller);
        var last = LastSeen(context);
        using var permit = caller.Credential.BeginWait();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping, caller.Credential.Revoked);
        waiters.Join(job.Id);
        try
        {
            using var events = await EventStream.BeginAsync(context);
            var hasEvents = last is not null || context.Request.Query["events"] == "1";
            await FollowAsync(new Follower(events, hasEvents, clock.GetTimestamp()) { Last = last ?? 0 }, job, stop.Token);
        }
        finally
        {
            waiters.Leave(job.Id);
        }
    }

    /// <summary>The id of the piece that the client had last; null where it does not say.</summary>
    private static long? LastSeen(HttpContext context)
    {
        var query = context.Request.Query["last_event_id"].ToString();
        if (query.Length > 0) return ChunksApi.Number(query, "last_event_id", 0, 0, long.MaxValue);
        var header = context.Request.Headers[LastEventId].ToString().Trim();
        return header.Length > 0 ? ChunksApi.Number(header, LastEventId, 0, 0, long.MaxValue) : null;
    }

    private async Task FollowAsync(Follower follower, Job job, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var changed = waiters.Changed(job.Id);
            // Read before the pieces: of a job that has ended they are all there then.
            var now = await jobs.FindAsync(job.Id);
            if (await SendNewAsync(follower, job.Seq, stop)) return;
            if (now is not { IsFinal: false } && await IsOverAsync(follower, now)) return;
            if (!follower.HasEvents && clock.GetElapsedTime(follower.HeardAt) >= Silence)
            {
                await follower.Events.SendAsync(null, null, static json =>
                {
                    json.WriteStartObject();
                    json.WriteString("type", "timeout");
                    json.WriteString("message", "Stream timeout");
                    json.WriteEndObject();
                });
                return;
            }
            if (clock.GetElapsedTime(follower.SentAt) >= Quiet) await BeQuietAsync(follower, now!);
            var pause = follower.EndedAt is null ? Quiet - clock.GetElapsedTime(follower.SentAt) : Late;
            await changed.WaitAsync(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends what has come since the last time.</summary>
    /// <returns>True where nothing more is to follow.</returns>
    private async Task<bool> SendNewAsync(Follower follower, long seq, CancellationToken stop)
    {
        while (true)
        {
            var chunks = await store.ReadAsync(ChunkTable.After(seq, follower.Last, Page, PageBytes), stop);
            foreach (var chunk in chunks)
            {
                await follower.Events.SendAsync(chunk.Id, null, json => ChunksApi.Write(json, chunk, "type"));
                follower.Last = chunk.Id;
                if (chunk.Type == ChunkTypes.Final && !follower.HasEvents) return true;
            }
            if (chunks.Count == 0) return false;
            follower.HeardAt = follower.SentAt = clock.GetTimestamp();
            follower.Told = null;
        }
    }

    /// <summary>Tells that the job has ended, or was deleted, once that is all.</summary>
    /// <returns>True where nothing more is to follow.</returns>
    private async Task<bool> IsOverAsync(Follower follower, Job? job)
    {
        if (follower.HasEvents)
        {
            await follower.Events.SendAsync(null, "end", json =>
            {
                json.WriteStartObject();
                json.WriteString("state", job?.State.Name());
                json.WriteEndObject();
            });
            return true;
        }
        follower.EndedAt ??= clock.GetTimestamp();
        if (clock.GetElapsedTime(follower.EndedAt.Value) < Late) return false;
        await follower.Events.SendAsync(null, null, static json =>
        {
            json.WriteStartObject();
            json.WriteString("type", "stream_end");
            json.WriteEndObject();
        });
        return true;
    }

    /// <summary>Says why nothing comes, where that is asked for and not said already.</summary>
    private async Task BeQuietAsync(Follower follower, Job job)
    {
        follower.SentAt = clock.GetTimestamp();
        if (follower.HasEvents && await silence.ExplainAsync(job) is var (code, text) && code != follower.Told)
        {
            follower.Told = code;
            await follower.Events.SendAsync(null, "why", json =>
            {
                json.WriteStartObject();
                json.WriteString("code", code);
                json.WriteString("text", text);
                json.WriteEndObject();
            });
        }
        else
        {
            await follower.Events.SendCommentAsync("heartbeat");
        }
    }

    /// <summary>A client and how far it has come. Moments are stamps of the clock.</summary>
    /// <param name="hasEvents">Whether it knows of <c>why</c> and <c>end</c>.</param>
    private sealed class Follower(EventStream events, bool hasEvents, long now)
    {
        public EventStream Events { get; } = events;

        public bool HasEvents { get; } = hasEvents;

        /// <summary>The id of the piece that it had last.</summary>
        public long Last { get; set; }

        /// <summary>When the last piece came.</summary>
        public long HeardAt { get; set; } = now;

        /// <summary>When anything was sent.</summary>
        public long SentAt { get; set; } = now;

        /// <summary>When the job was seen to have ended.</summary>
        public long? EndedAt { get; set; }

        /// <summary>Why nothing comes, as it was told last.</summary>
        public string? Told { get; set; }
    }
}
