using System.Collections.Concurrent;
using System.Net.Sockets;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>What was answered before the broker died is true after it.</summary>
public class RestartTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EverythingAnsweredIsStillThere(bool kill)
    {
        await using var broker = await OwnBroker.StartAsync();
        var api = broker.Api;
        const string Claim = "X-Claim-Id: claim-1";
        const string Key = "Idempotency-Key: key-1";
        const string Worker = "X-Worker-Id: ada";
        var done = await api.NewJobAsync("ping", "grüße \0 😀");
        await api.TakeAsync();
        await api.FinishAsync(done, "pong");
        var failed = await api.NewJobAsync();
        await api.FailAsync(failed, "broken");
        var running = (await api.CreateAsync("ping", "x", Key)).Json.Id();
        var claim = await api.TakeAsync(Worker, Claim);
        var waiting = new List<string>();
        for (var i = 0; i < 5; i++) waiting.Add(await api.NewJobAsync());
        var released = await api.TakeAsync();
        await api.DoAsync(released.Id(), "release", null, released.Fence());
        await api.CancelAsync(waiting[4]);
        var gpu = await api.NewJobNeedingAsync("x", "gpu");
        string[] ids = [done, failed, running, .. waiting, gpu];
        var before = new List<string>();
        foreach (var id in ids) before.Add((await api.ReadAsync(id)).Text);

        await (kill ? broker.KillAndStartAsync() : broker.StopAndStartAsync());

        var after = new List<string>();
        foreach (var id in ids) after.Add((await api.ReadAsync(id)).Text);
        Assert.Equal(before.Select(WithoutLease), after.Select(WithoutLease));
        Assert.Equal(running, (await api.CreateAsync("ping", "x", Key)).Is(200).Json.Id());
        (await api.CreateAsync("ping", "other", Key)).Is(422);
        var again = await api.TakeAsync(Worker, Claim);
        Assert.Equal((running, 1, claim.Text("lease_token")), (again.Id(), again.Number("attempt"), again.Text("lease_token")));
        (await api.FinishAsync(running, "pong", claim.Fence())).IsExactly(200, """{"ok":true,"status":"done"}""");
        foreach (var id in waiting.Take(4)) Assert.Equal(id, (await api.TakeAsync()).Id());
        (await api.ClaimAsync()).IsExactly(200, """{"job":null}""");
        Assert.Equal(gpu, (await api.TakeAsync("X-Worker-Caps: gpu")).Id());
        (await api.FinishAsync(failed, "late")).IsExactly(200, """{"ok":true,"status":"failed","note":"already failed; result ignored"}""");
    }

    [Fact]
    public async Task StopEndsLongPollsEmptyAndExitsWithZero()
    {
        await using var broker = await OwnBroker.StartAsync();
        var api = broker.Api;
        var id = await api.NewJobNeedingAsync("x", "nobody");
        var polls = Enumerable.Range(0, 5).Select(_ => api.PollAsync(60)).ToList();
        var reader = api.JobAsync(id, "?wait=60");
        await api.GetAsync("/health"); // the polls were sent before this
        Assert.Equal(0, await broker.Process.Program.StopAsync());
        foreach (var poll in polls) (await poll).IsExactly(200, """{"job":null}""");
        Assert.Equal("queued", (await reader).Text("status"));
    }

    /// <summary>Whoever stops it before it is up stops it all the same, without a trace.</summary>
    [Fact]
    public async Task StopWithinTheStartWaitsForItsEnd()
    {
        await using var broker = await OwnBroker.StartAsync();
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(0, await broker.Process.Program.StopAsync());
            var starting = broker.Process.StartAgainAsync();
            await broker.Process.Program.WaitForLineAsync("loaded: 0 ready");
            Assert.Equal(0, await broker.Process.Program.StopAsync());
            await Task.WhenAny(starting); // it may just have answered
            Assert.DoesNotContain("exception", broker.Process.Program.Output, StringComparison.OrdinalIgnoreCase);
            await broker.Process.StartAgainAsync();
        }
    }

    /// <summary>News that nobody waits for linger in memory for 200 ms: a stop within that time has nothing to complain of.</summary>
    [Fact]
    public async Task StopRightAfterLastWritesIsQuiet()
    {
        await using var broker = await OwnBroker.StartAsync();
        for (var round = 0; round < 5; round++)
        {
            await broker.Api.NewJobAsync();
            var job = await broker.Api.TakeAsync();
            await broker.Api.FailAsync(job.Id(), "x", job.Fence());
            Assert.Equal(0, await broker.Process.Program.StopAsync());
            var output = broker.Process.Program.Output;
            Assert.False(output.Contains(" warn ", StringComparison.Ordinal) || output.Contains(" error ", StringComparison.Ordinal), output);
            await broker.Process.StartAgainAsync();
        }
    }

    /// <summary>What was answered is there; and what is there was answered.</summary>
    [Fact]
    public async Task StopLosesNoAnswerOfWhatWasTaken()
    {
        await using var broker = await OwnBroker.StartAsync();
        var (created, finished) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clients = Enumerable.Range(0, 12).Select(n => Task.Run(async () =>
        {
            try
            {
                while (n < 8 ? await CreateAsync() : await WorkAsync())
                {
                    if (created.Count > 50 && finished.Count > 20) started.TrySetResult();
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                // The broker is gone.
            }
        })).ToList();
        await started.Task;
        Assert.Equal(0, await broker.Process.Program.StopAsync());
        await Task.WhenAll(clients);
        await broker.Process.StartAgainAsync();
        var jobs = new List<(string Id, string State)>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = (await broker.Api.GetAsync($"/jobs?limit=200{cursor}", broker.Api.Bot)).Is(200);
            jobs.AddRange(page["jobs"].EnumerateArray().Select(static j => (j.Id(), j.Text("state")!)));
            cursor = page["next"].GetString() is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : null;
        }
        Assert.Equal(created.Order(), jobs.Select(static j => j.Id).Order());
        Assert.Equal(finished.Order(), jobs.Where(static j => j.State == "done").Select(static j => j.Id).Order());

        async Task<bool> CreateAsync()
        {
            var answer = await broker.Api.CreateAsync("ping", "x");
            if (answer.Status == 200) created.Add(answer.Json.Id());
            return answer.Status == 200;
        }

        async Task<bool> WorkAsync()
        {
            var answer = await broker.Api.PollAsync(1);
            if (answer.Status != 200 || answer.Job is not { } job) return answer.Status == 200;
            var done = (await broker.Api.FinishAsync(job.Id(), "pong", job.Fence())).Status == 200;
            if (done) finished.Add(job.Id());
            return done;
        }
    }

    [Fact]
    public async Task TenThousandJobsThatNobodyCanDoDelayNoOther()
    {
        await using var broker = await OwnBroker.StartAsync();
        await Parallel.ForAsync(0, 10_000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
            await broker.Api.NewJobNeedingAsync($"{i}", "missing"));
        var id = await broker.Api.NewJobAsync();
        Assert.Equal(id, (await broker.Api.TakeAsync("X-Worker-Caps: gpu")).Id());
        await broker.KillAndStartAsync();
        var other = await broker.Api.NewJobNeedingAsync("x", "gpu");
        Assert.Equal(other, (await broker.Api.TakeAsync("X-Worker-Caps: gpu")).Id());
    }


    /// <summary>A lease may be longer after a start: none ends before one whole lease from then on.</summary>
    private static string WithoutLease(string job) => System.Text.RegularExpressions.Regex.Replace(job, "\"lease_until\":\\d+", "");
}
