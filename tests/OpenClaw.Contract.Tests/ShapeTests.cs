using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>The exact keys of every answer, and how answers are written.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class ShapeTests(TestedBroker broker) : ContractTest(broker)
{
    private static readonly string[] JobKeys =
    [
        "id", "created_at", "started_at", "finished_at", "lease_until", "status", "command", "payload", "result", "error", "worker_id",
    ];

    [Fact]
    public async Task HealthNeedsNoToken() => (await Api.GetAsync("/health")).IsExactly(200, """{"ok":true,"ts_bound":true}""");

    [Fact]
    public async Task CreateAnswersIdAndStatus()
    {
        var answer = (await Api.CreateAsync("ping", "hello")).Is(200);
        answer.Json.HasKeys("id", "status");
        Assert.Equal("queued", answer["status"].GetString());
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", answer.Json.Id());
    }

    [Fact]
    public async Task QueuedJobHasNoOutcome()
    {
        var id = await Api.NewJobAsync("ping", "hello");
        var job = (await Api.ReadAsync(id)).Is(200).Json;
        AssertJob(job, id, "queued");
        Assert.All(["started_at", "finished_at", "lease_until", "result", "error", "worker_id"], name => Assert.True(job.IsNull(name), name));
    }

    [Fact]
    public async Task ClaimAnswersTheRunningJob()
    {
        var id = await Api.NewJobAsync("ping", "hello");
        var answer = (await Api.ClaimAsync("X-Worker-Id: ada")).Is(200);
        answer.Json.HasKeys("job");
        var job = answer.Job!.Value;
        AssertJob(job, id, "running");
        Assert.Equal("ada", job.Text("worker_id"));
        Assert.InRange(job.Number("started_at"), job.Number("created_at"), int.MaxValue);
        Assert.True(job.Number("lease_until") > job.Number("started_at"));
        Assert.All(["finished_at", "result", "error"], name => Assert.True(job.IsNull(name), name));
    }

    [Fact]
    public async Task ReaderSeesTheClaim()
    {
        var id = await Api.NewJobAsync();
        var claimed = await Api.TakeAsync("X-Worker-Id: ada");
        var read = await Api.JobAsync(id);
        Assert.All(JobKeys, name => Assert.Equal(claimed.GetProperty(name).ToString(), read.GetProperty(name).ToString()));
    }

    [Fact]
    public async Task EmptyQueueAnswersNull() => (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");

    [Fact]
    public async Task DoneJobHasItsResultAndNoLease()
    {
        var id = await RunningJobAsync("X-Worker-Id: ada");
        (await Api.FinishAsync(id, "pong", "X-Worker-Id: ada")).IsExactly(200, """{"ok":true,"status":"done"}""");
        var job = await Api.JobAsync(id);
        AssertJob(job, id, "done", payload: "hello");
        Assert.Equal("pong", job.Text("result"));
        Assert.Equal("ada", job.Text("worker_id"));
        Assert.InRange(job.Number("finished_at"), job.Number("started_at"), int.MaxValue);
        Assert.True(job.IsNull("error"));
        Assert.True(job.IsNull("lease_until"));
    }

    [Fact]
    public async Task FailedJobHasItsErrorAndNoLease()
    {
        var id = await RunningJobAsync("X-Worker-Id: ada");
        (await Api.FailAsync(id, "no such tool", "X-Worker-Id: ada")).IsExactly(200, """{"ok":true,"status":"failed"}""");
        var job = await Api.JobAsync(id);
        AssertJob(job, id, "failed");
        Assert.Equal("no such tool", job.Text("error"));
        Assert.Equal("ada", job.Text("worker_id"));
        Assert.InRange(job.Number("finished_at"), job.Number("started_at"), int.MaxValue);
        Assert.True(job.IsNull("result"));
        Assert.True(job.IsNull("lease_until"));
    }

    [Fact]
    public async Task LeaseIsWrittenAsStartPlusLeaseTime()
    {
        var first = await ClaimOneAsync();
        var second = await ClaimOneAsync();
        Assert.Equal(first.Number("lease_until") - first.Number("started_at"), second.Number("lease_until") - second.Number("started_at"));
    }

    [Fact]
    public async Task AnswersAreCompactJsonInUtf8()
    {
        var id = await Api.NewJobAsync("ping", "Grüße, мир, 世界, 😀 <&>'+`");
        var answer = await Api.ReadAsync(id);
        Assert.Contains("\"payload\":\"Grüße, мир, 世界, 😀 <&>'+`\"", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\": ", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(", \"", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', answer.Text);
    }

    [Theory]
    [InlineData("/health", null, 200)]
    [InlineData("/jobs/next", "worker", 200)]
    [InlineData("/jobs/next", null, 401)]
    [InlineData("/jobs/00000000-0000-4000-8000-000000000000", "bot", 404)]
    [InlineData("/nowhere", null, 404)]
    public async Task EveryAnswerIsApplicationJson(string path, string? role, int status)
    {
        string[] headers = role switch { "bot" => [Api.Bot], "worker" => [Api.Worker], _ => [] };
        Assert.Matches("^application/json($|;)", (await Api.GetAsync(path, headers)).Is(status).ContentType);
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("POST", "/", 404)]
    [InlineData("GET", "/jobs/00000000-0000-4000-8000-000000000000/nothing", 404)]
    [InlineData("DELETE", "/jobs", 405)]
    [InlineData("PUT", "/jobs/00000000-0000-4000-8000-000000000000", 405)]
    [InlineData("GET", "/jobs/00000000-0000-4000-8000-000000000000/result", 405)]
    [InlineData("GET", "/jobs/00000000-0000-4000-8000-000000000000/fail", 405)]
    [InlineData("POST", "/jobs/next", 405)]
    [InlineData("POST", "/health", 405)]
    public async Task UnknownPathsAndMethodsAreJsonToo(string method, string path, int status) =>
        (await Api.SendAsync(new HttpMethod(method), path, null, Api.Bot, Api.Worker)).IsRefused(status);

    private static void AssertJob(System.Text.Json.JsonElement job, string id, string status, string payload = "hello")
    {
        Assert.All(JobKeys, name => Assert.True(job.TryGetProperty(name, out _), name));
        Assert.Equal(id, job.Id());
        Assert.Equal(status, job.Text("status"));
        Assert.Equal("ping", job.Text("command"));
        Assert.Equal(payload, job.Text("payload"));
        Assert.InRange(job.Number("created_at"), 1_700_000_000, int.MaxValue);
    }

    private async Task<System.Text.Json.JsonElement> ClaimOneAsync()
    {
        await Api.NewJobAsync();
        return await Api.TakeAsync();
    }
}
