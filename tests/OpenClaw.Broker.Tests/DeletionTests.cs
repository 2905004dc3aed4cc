using System.Net;
using System.Text;
using OpenClaw.Broker.Jobs;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>What a person deleted is nowhere any more.</summary>
public sealed class DeletionTests
{
    private static readonly string[] Canaries = ["payload-canary", "result-canary", "error-canary", "worker-canary", "key-canary"];

    /// <summary>Short and long texts beside jobs that stay, so that pages are cleared, merged and given back.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(20_000)]
    public async Task DeletedTextsAreReadableInNoFile(int length)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var fill = new string('x', length);
        var deleted = new List<string>();
        for (var n = 0; n < 60; n++)
        {
            var goes = n % 3 != 0;
            var text = goes ? "canary" : "stays";
            var created = await broker.Client().CreateAsync(new CreateJob("ping", $"payload-{text}{fill}"), $"key-{text}-{n}");
            var claim = (await broker.ClaimAsync($"worker-{text}"))!;
            if (n % 2 == 0) await broker.Client().FinishAsync(claim.Id, claim.LeaseToken, $"result-{text}{fill}");
            else await broker.Client().FailAsync(claim.Id, claim.LeaseToken, $"error-{text}{fill}");
            if (goes) deleted.Add(created.Id);
        }
        Assert.Equal(Canaries, Found(broker, Canaries));
        foreach (var id in deleted) await broker.Client().DeleteAsync(id);
        broker.Clock.Advance(TimeSpan.FromMinutes(1));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Found(broker, Canaries).Count == 0));
        Assert.NotEmpty(Found(broker, ["payload-stays"]));
        // The audit alone goes on to say who asked for which job.
        Assert.Equal(deleted.Count, broker.Query<long>(
            "select count(*) from audit, json_each(entries) e where json_extract(e.value, '$.action') = 'job.delete'"));
        Assert.Equal(0, broker.Query<long>($"select count(*) from idempotency_key where job_id in ('{string.Join("', '", deleted)}')"));
        await broker.StartAgainAsync();
        Assert.Empty(Found(broker, Canaries));
        Assert.Equal((20L, "ok"), (broker.Query<long>("select count(*) from jobs"), broker.Query<string>("pragma integrity_check")));
    }

    [Fact]
    public async Task WhatSomebodyStillReadsIsClearedTheNextTime()
    {
        await using var broker = await BrokerFixture.StartAsync();
        using var reader = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={broker.DatabasePath};Pooling=False");
        reader.Open();
        await broker.CancelledAsync("payload-canary");
        using (var reading = reader.BeginTransaction(deferred: true))
        {
            using var command = reader.CreateCommand();
            command.CommandText = "select count(*) from job";
            command.ExecuteScalar();
            await broker.Client().DeleteAsync((await broker.Client().ListAsync(new JobFilter())).Jobs[0].Id);
            await broker.Store.ClearDeletedAsync();
            Assert.NotEmpty(Found(broker, ["payload-canary"]));
            await broker.CreateAsync(); // the writer waits for nobody meanwhile
        }
        await broker.Store.ClearDeletedAsync();
        Assert.Empty(Found(broker, ["payload-canary"]));
    }

    [Fact]
    public async Task CountsAndQueueForgetIt()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CancelledAsync();
        await broker.CancelledAsync();
        await broker.Client().DeleteAsync(id);
        Assert.Equal(1, Assert.Single(await broker.Store.ReadCountsAsync()).Jobs);
        Assert.Null(await broker.ClaimAsync());
        await broker.StartAgainAsync();
        Assert.Equal(1, Assert.Single(await broker.Store.ReadCountsAsync()).Jobs);
        Assert.Single((await broker.Client().ListAsync(new JobFilter())).Jobs);
    }

    /// <summary>The reader looks again when it hears of the end; until it does, the job is deleted.</summary>
    [Fact]
    public async Task WaitingReaderIsToldThatTheJobIsGone()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var waiters = (EndWaiters)broker.Services.GetService(typeof(EndWaiters))!;
        var ended = waiters.Join(Guid.Parse(id));
        var waiting = broker.Client().GetAsync(id, TimeSpan.FromSeconds(60));
        await broker.Client().CancelAsync(id);
        await ended;
        await broker.Client().DeleteAsync(id);
        var told = await Record.ExceptionAsync(() => waiting);
        Assert.True(told is null or BrokerException { Status: 404 }, $"{told}");
        var again = await Assert.ThrowsAsync<BrokerException>(() => broker.Client().GetAsync(id, TimeSpan.FromSeconds(60)));
        Assert.Equal((int)HttpStatusCode.NotFound, again.Status);
    }

    /// <summary>The texts that are in any file of the broker's; its lock file is nobody else's to open, and -shm holds no rows.</summary>
    private static List<string> Found(BrokerFixture broker, IEnumerable<string> texts)
    {
        var files = Directory.EnumerateFiles(Path.GetDirectoryName(broker.DatabasePath)!).Where(static f =>
            Path.GetExtension(f) is not (".lock" or ".db-shm")).Select(Read).ToList();
        return [.. texts.Where(t => files.Exists(f => f.AsSpan().IndexOf(Encoding.UTF8.GetBytes(t)) >= 0))];
    }

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]; // it may be cut off meanwhile
    }
}

internal static class DeletionSteps
{
    /// <summary>A job that has ended.</summary>
    public static async Task<string> CancelledAsync(this BrokerFixture broker, string payload = "p")
    {
        var id = await broker.CreateAsync(payload);
        await broker.Client().CancelAsync(id);
        return id;
    }
}
