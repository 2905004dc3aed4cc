using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Lists: newest first, by state, command and worker, a page at a time.</summary>
public class ListTests(TestedBroker broker) : ContractTest(broker)
{
    private readonly string command = $"list-{Guid.NewGuid():n}";

    [Fact]
    public async Task ListIsNewestFirstWithoutTexts()
    {
        var ids = await CreateAsync(3);
        var answer = await ListAsync("");
        answer.Json.HasKeys("jobs", "next", "searched_until");
        Assert.Equal(ids.Reverse(), Ids(answer));
        Assert.True(answer.Json.IsNull("next"));
        foreach (var job in answer["jobs"].EnumerateArray())
        {
            Assert.Equal(("queued", "queued", command), (job.Text("status"), job.Text("state"), job.Text("command")));
            Assert.All(["payload", "result"], name => Assert.True(!job.TryGetProperty(name, out _) || job.IsNull(name), name));
        }
    }

    [Fact]
    public async Task CursorWalksThroughAllPagesOnce()
    {
        var ids = await CreateAsync(7);
        var seen = new List<string>();
        var cursor = "";
        do
        {
            var page = await ListAsync("&limit=3" + cursor);
            Assert.True(page["jobs"].GetArrayLength() <= 3);
            seen.AddRange(Ids(page));
            if (seen.Count == 3) await CreateAsync(1); // what is new meanwhile shifts nothing
            cursor = page.Json.IsNull("next") ? "" : "&cursor=" + Uri.EscapeDataString(page["next"].GetString()!);
        }
        while (cursor.Length > 0);
        Assert.Equal(ids.Reverse(), seen);
    }

    [Fact]
    public async Task ListMayBeOfOneStateOrWorker()
    {
        var worker = $"w-{Guid.NewGuid():n}";
        var ids = await CreateAsync(4);
        await Api.TakeAsync($"X-Worker-Id: {worker}");
        await Api.TakeAsync($"X-Worker-Id: {worker}");
        await Api.FinishAsync(ids[0], "pong");
        await Api.CancelAsync(ids[3]);
        Assert.Equal([ids[0]], Ids(await ListAsync("&state=done")));
        Assert.Equal([ids[1]], Ids(await ListAsync("&state=running")));
        Assert.Equal([ids[2]], Ids(await ListAsync("&state=queued")));
        Assert.Equal([ids[3]], Ids(await ListAsync("&state=cancelled")));
        Assert.Equal([ids[1], ids[0]], Ids(await Api.GetAsync($"/jobs?worker={worker}", Api.Bot)));
        Assert.Empty(Ids(await ListAsync("&state=failed")));
        Assert.Equal([ids[3]], Ids(await ListAsync("&state=failed,cancelled")));
        Assert.Equal([ids[3], ids[2], ids[0]], Ids(await ListAsync("&state=done,queued,cancelled")));
    }

    [Theory]
    [InlineData("limit=0", "query.limit")]
    [InlineData("limit=201", "query.limit")]
    [InlineData("limit=x", "query.limit")]
    [InlineData("state=lost", "query.state")]
    [InlineData("state=done,lost", "query.state")]
    [InlineData("cursor=%00nonsense", "query.cursor")]
    public async Task WrongParametersAreNamed(string query, string place) => (await Api.GetAsync("/jobs?" + query, Api.Bot)).IsInvalid(place);

    /// <summary>Every text of a list is short, so 200 jobs are a few MB at most, whatever they hold.</summary>
    [Fact]
    public async Task LongErrorDoesNotMakeAListLong()
    {
        await CreateAsync(1);
        await Api.FailAsync((await Api.TakeAsync()).Id(), new string('x', 5 << 20));
        Assert.InRange((await ListAsync("")).Text.Length, 1000, 20_000);
    }

    [Fact]
    public async Task LimitMayBe200()
    {
        (await Api.GetAsync("/jobs?limit=200", Api.Bot)).Is(200);
        (await Api.GetAsync("/jobs?limit=200", Api.Worker)).IsRefused(403);
    }

    [Fact]
    public async Task CommandIsNoPatternAndNoSql()
    {
        await CreateAsync(1);
        Assert.Empty(Ids(await Api.GetAsync("/jobs?command=list-%25", Api.Bot)));
        Assert.Empty(Ids(await Api.GetAsync("/jobs?command=" + Uri.EscapeDataString("x' or '1'='1"), Api.Bot)));
    }

    private static string[] Ids(Answer answer) => [.. answer.Is(200)["jobs"].EnumerateArray().Select(j => j.Id())];

    private Task<Answer> ListAsync(string query) => Api.GetAsync($"/jobs?command={command}{query}", Api.Bot);

    private async Task<string[]> CreateAsync(int count)
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++) ids[i] = await Api.NewJobAsync(command);
        return ids;
    }
}
