using OpenClaw.Contract.Tests.Support;

namespace OpenClaw.Contract.Tests;

/// <summary>Errors are RFC 9457 problems around the contract's <c>detail</c>.</summary>
public class ProblemTests(TestedBroker broker) : ContractTest(broker)
{
    private const string NoJob = "00000000-0000-4000-8000-000000000000";

    [Theory]
    [InlineData("GET", $"/jobs/{NoJob}", false, 401, "unauthorized")]
    [InlineData("GET", $"/jobs/{NoJob}", true, 404, "not_found")]
    [InlineData("GET", "/nowhere", true, 404, "not_found")]
    [InlineData("DELETE", "/jobs", true, 405, "method_not_allowed")]
    [InlineData("POST", "/jobs", true, 422, "invalid")]
    public async Task ErrorHasStatusAndCode(string method, string path, bool token, int status, string code)
    {
        string[] headers = token ? [Api.Bot] : [];
        var answer = (await Api.SendAsync(new HttpMethod(method), path, null, headers)).Is(status);
        Assert.Equal(status, answer["status"].GetInt32());
        Assert.Equal(code, answer["code"].GetString());
        Assert.False(string.IsNullOrEmpty(answer["title"].GetString()));
        Assert.True(answer.Json.TryGetProperty("type", out _));
        Assert.True(answer.Json.TryGetProperty("detail", out _));
    }

    [Fact]
    public async Task OtherErrorsHaveTheirCodesToo()
    {
        var queued = await Api.NewJobAsync();
        Assert.Equal("not_running", (await Api.FinishAsync(queued, "x")).Is(400)["code"].GetString());
        Assert.Equal("too_large", (await Api.CreateAsync("ping", new string('x', 300_000))).Is(413)["code"].GetString());
        Assert.Equal("bad_request", (await Api.SendAsync(HttpMethod.Post, "/jobs", [0xFF], Api.Bot)).Is(400)["code"].GetString());
    }

    [Theory]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/problem+json", "application/problem+json")]
    public async Task ProblemTypeIsForThoseWhoNameIt(string accept, string contentType) =>
        Assert.StartsWith(contentType, (await Api.GetAsync($"/jobs/{NoJob}", Api.Bot, $"Accept: {accept}")).Is(404).ContentType, StringComparison.Ordinal);

    [Fact]
    public async Task MethodNotAllowedNamesTheMethods() =>
        Assert.Contains("POST", (await Api.SendAsync(HttpMethod.Delete, "/jobs", null, Api.Bot)).Is(405).Headers["Allow"], StringComparison.Ordinal);

    [Fact]
    public async Task AnswersTellNothingOfTheServer() => Assert.False((await Api.GetAsync("/health")).Headers.ContainsKey("Server"));

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/ready")]
    public async Task HealthAnswersHead(string path)
    {
        var answer = (await Api.SendAsync(HttpMethod.Head, path, null)).Is(200);
        Assert.Equal("", answer.Text);
        Assert.Equal((await Api.GetAsync(path)).Text.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), answer.Headers["Content-Length"]);
    }

    [Fact]
    public async Task ReadinessTellsItsChecks()
    {
        var answer = (await Api.GetAsync("/health/ready")).Is(200);
        answer.Json.HasKeys("ok", "checks", "listeners", "backup_at", "queues", "drain");
        answer["checks"].HasKeys("read", "write", "disk", "listen");
        Assert.All(answer["checks"].EnumerateObject(), check => Assert.Equal("ok", check.Value.GetString()));
    }
}
