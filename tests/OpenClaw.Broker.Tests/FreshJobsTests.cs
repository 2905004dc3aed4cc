using Microsoft.Extensions.Time.Testing;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Tests;

public sealed class FreshJobsTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void NothingIsKeptOfWhatWasClaimed()
    {
        var fresh = new FreshJobs(time);
        for (var n = 0; n < 10_000; n++)
        {
            var job = Add(fresh);
            Assert.NotNull(fresh.TakeJob(job.Id));
            Assert.NotNull(fresh.TakePayload(job));
        }
        Assert.InRange(fresh.Count, 0, 1);
    }

    [Fact]
    public void WhatNobodyClaimsIsKeptForAMinute()
    {
        var fresh = new FreshJobs(time);
        var job = Add(fresh);
        time.Advance(TimeSpan.FromSeconds(61));
        Add(fresh);
        Assert.Equal(1, fresh.Count);
        Assert.Null(fresh.TakeJob(job.Id));
    }

    private static Job Add(FreshJobs fresh)
    {
        var job = new Job { Id = Guid.NewGuid(), Command = "ping" };
        fresh.Add(job, [1]);
        return job;
    }
}
