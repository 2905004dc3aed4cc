using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Tests;

public sealed class TableTests
{
    private static readonly Job Queued = new() { Id = Guid.NewGuid(), Command = "ping", State = JobState.Queued, Version = 1, Tags = ["a"] };

    [Fact]
    public void UpdateNamesTheColumnsThatDiffer()
    {
        var done = Queued with { Version = 2, State = JobState.Done, FinishedAt = 5, Command = "none of an update's" };
        Assert.Equal("update job set version = ?1, state = ?2, ready = ?3, finished_at = ?4 where seq = ?5 and version = ?6",
            JobTable.Rows.Changed(Queued, done).Statement);
        Assert.Same(JobTable.Rows.Changed(Queued, done), JobTable.Rows.Changed(Queued, done with { FinishedAt = 6 }));
    }

    [Fact]
    public void OnlyAnEditNamesWhatPeopleChange()
    {
        var edited = Queued with { Priority = 1, Tags = ["b"] };
        Assert.DoesNotContain("priority", JobTable.Rows.Changed(Queued, edited).Statement, StringComparison.Ordinal);
        Assert.Equal("update job set priority = ?1, ready = ?2, tags = ?3 where seq = ?4 and version = ?5",
            JobTable.Rows.Changed(Queued, edited, isEdit: true).Statement);
    }

    /// <summary>When a job is due follows from more than one of its columns.</summary>
    [Fact]
    public void WhatFollowsFromARecordIsWrittenWhenItDiffers() =>
        Assert.Contains("due_at", JobTable.Rows.Changed(Queued, Queued with { ExpiresAt = 9 }).Statement, StringComparison.Ordinal);
}
