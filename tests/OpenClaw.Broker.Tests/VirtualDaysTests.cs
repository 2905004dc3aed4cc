using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>
/// Days of a broker's life by the test's clock: what it keeps is bounded, in each table and file. <c>OPENCLAW_VIRTUAL_JOBS</c> says how many
/// jobs each of its steps has (10). After nine days
/// all that has an age has reached it.
/// </summary>
public sealed class VirtualDaysTests
{
    private const int Days = 12, FullAfter = 9, StepsPerDay = 3, Workers = 8;
    private static readonly int JobsPerStep = int.Parse(Environment.GetEnvironmentVariable("OPENCLAW_VIRTUAL_JOBS") ?? "10", CultureInfo.InvariantCulture);

    [Fact]
    public async Task NoTableOrFileGrowsWithoutEnd()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static options => options with
        {
            AuditDays = 3,
            Keep = new Retention(3, 3, 3, 0),
        });
        var kept = StepsPerDay * JobsPerStep;
        var workers = Enumerable.Range(0, Workers).Select(w => broker.Client($"worker-{w}")).ToList();
        var ended = new ConcurrentQueue<string>();
        var most = new Dictionary<string, long>();
        for (var step = 0; step < Days * StepsPerDay; step++)
        {
            await Task.WhenAll(workers.Select(async (worker, w) =>
            {
                for (var n = w; n < JobsPerStep; n += Workers)
                {
                    await worker.CreateAsync(new CreateJob("ping", new string('p', n * 50)), $"{step}-{n}");
                    var claim = (await worker.ClaimAsync($"{step}-{n}", TimeSpan.Zero))!;
                    if (n % 5 == 0) await worker.FailAsync(claim.Id, claim.LeaseToken, "broken");
                    else await worker.FinishAsync(claim.Id, claim.LeaseToken, new string('r', n * 50));
                    ended.Enqueue(claim.Id);
                }
            }));
            while (ended.Count > kept && ended.TryDequeue(out var old)) await workers[0].DeleteAsync(old);
            await broker.RunForAsync(TimeSpan.FromDays(1) / StepsPerDay);
            if (step < FullAfter * StepsPerDay) foreach (var (what, size) in Sizes(broker)) most[what] = Math.Max(most.GetValueOrDefault(what), size);
        }
        Assert.Equal(kept, broker.Query<long>("select count(*) from job"));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Sizes(broker).All(now => now.Size <= most[now.What] * 11 / 10)),
            () => string.Join(", ", Sizes(broker).Select(now => $"{now.What}: {most[now.What]}, now {now.Size}")));
    }

    /// <summary>The rows of each table, the pages of the file, and the bytes of its log.</summary>
    private static List<(string What, long Size)> Sizes(BrokerFixture broker)
    {
        using var connection = new SqliteConnection($"Data Source={broker.DatabasePath};Pooling=False");
        connection.Open();
        var tables = new List<string>();
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
            using var reader = command.ExecuteReader();
            while (reader.Read()) tables.Add(reader.GetString(0));
        }
        return
        [
            .. tables.Select(t => (t, connection.Scalar<long>($"select count(*) from {t}"))),
            ("pages", connection.Scalar<long>("pragma page_count")),
            ("log", new FileInfo(broker.DatabasePath + "-wal").Length),
        ];
    }
}
