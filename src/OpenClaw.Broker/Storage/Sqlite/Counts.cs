using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>What a batch moves in <c>job_count</c>, <c>job_minute</c> and <c>token_count</c>, gathered and written once at its end.</summary>
internal sealed class Counts : ICounts
{
    private const long MinuteMs = 60_000;

    private readonly Dictionary<(string Queue, string State), long> jobs = [];
    private readonly Dictionary<string, (long Jobs, long Bytes)> tokens = [];
    private readonly Dictionary<(long Minute, string Queue, string State), long> minutes = [];

    public void Move(string queue, string? from, string? to, long at)
    {
        if (from is not null) jobs[(queue, from)] = jobs.GetValueOrDefault((queue, from)) - 1;
        if (to is null) return;
        jobs[(queue, to)] = jobs.GetValueOrDefault((queue, to)) + 1;
        var minute = (at / MinuteMs, queue, to);
        minutes[minute] = minutes.GetValueOrDefault(minute) + 1;
    }

    public void Hold(string token, int jobs, long bytes)
    {
        var held = tokens.GetValueOrDefault(token);
        tokens[token] = (held.Jobs + jobs, held.Bytes + bytes);
    }

    public void Flush(Statements sql)
    {
        if (jobs.Count == 0 && tokens.Count == 0) return;
        var count = sql["insert into job_count (queue, state, jobs) values (?1, ?2, ?3) on conflict do update set jobs = jobs + excluded.jobs"];
        foreach (var ((queue, state), moved) in jobs)
        {
            if (moved == 0) continue;
            count.Set(1, queue);
            count.Set(2, state);
            count.Set(3, moved);
            count.Run();
        }
        var minute = sql["insert into job_minute (minute, queue, state, jobs) values (?1, ?2, ?3, ?4) on conflict do update set jobs = jobs + excluded.jobs"];
        foreach (var ((at, queue, state), moved) in minutes)
        {
            minute.Set(1, at);
            minute.Set(2, queue);
            minute.Set(3, state);
            minute.Set(4, moved);
            minute.Run();
        }
        var token = sql["insert into token_count (token, jobs, bytes) values (?1, ?2, ?3) on conflict do update set jobs = jobs + excluded.jobs, "
            + "bytes = bytes + excluded.bytes"];
        foreach (var (name, held) in tokens)
        {
            token.Set(1, name);
            token.Set(2, held.Jobs);
            token.Set(3, held.Bytes);
            token.Run();
        }
    }

    /// <summary>The transaction is on the disk.</summary>
    public void Keep(HeldJobs held)
    {
        foreach (var (token, moved) in tokens) held.Move(token, moved.Jobs, moved.Bytes);
        Clear();
    }

    public void Clear()
    {
        jobs.Clear();
        minutes.Clear();
        tokens.Clear();
    }
}
