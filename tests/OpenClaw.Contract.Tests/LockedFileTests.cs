using Microsoft.Data.Sqlite;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Another program holds the database's write lock: what writes is told to come again, what reads goes on.</summary>
public class LockedFileTests
{
    private const int Clients = 20;

    [Fact]
    public async Task WritesAreToldToComeAgainAndReadsGoOn()
    {
        await using var broker = await OwnBroker.StartAsync();
        var api = broker.Api;
        var id = await api.NewJobAsync();
        var claim = await api.TakeAsync();
        var creates = new List<Task<Answer>>();
        using (var other = new SqliteConnection($"Data Source={broker.Database};Pooling=False"))
        {
            other.Open();
            using var transaction = other.BeginTransaction(deferred: false);
            creates.AddRange(Enumerable.Range(0, Clients).Select(_ => api.CreateAsync("ping", "x")));
            var finish = api.FinishAsync(id, "pong", claim.Fence());
            var all = Task.WhenAll([.. creates, finish]);
            for (var reads = 0; reads < 20 || !all.IsCompleted; reads++)
            {
                Assert.Equal("running", (await api.JobAsync(id)).Text("state"));
                Assert.Single((await api.GetAsync("/jobs", api.Bot)).Is(200)["jobs"].EnumerateArray());
                (await api.GetAsync("/health/live")).Is(200);
            }
            foreach (var answer in await all)
            {
                answer.IsRefused(503);
                Assert.True(int.Parse(answer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
            }
        }
        (await api.FinishAsync(id, "pong", claim.Fence())).Is(200);
        Assert.Equal((await api.CreateAsync("ping", "x")).Is(200).Json.Id(), (await api.TakeAsync()).Id()); // none of those that were refused is there
    }
}
