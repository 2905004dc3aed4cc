using System.Net;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

public sealed class LeaseTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task ExpiredLeaseLetsAnotherWorkerClaimAndFencesTheFirst()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var first = await broker.ClaimAsync("anna");
        broker.Clock.Advance(broker.Lease - Millisecond);
        Assert.Null(await broker.ClaimAsync("bert"));
        await broker.AdvanceUntilAsync(Millisecond, id, job => job.Status == JobStatuses.Queued);
        var queued = await broker.GetAsync(id);
        Assert.Equal((null, null, null, 1), (queued.StartedAt, queued.LeaseUntil, queued.WorkerId, queued.LostLeases));

        var second = await broker.ClaimSoonAsync("bert");
        Assert.Equal((id, 2), (second.Id, second.Attempt));
        var stale = await Assert.ThrowsAsync<BrokerException>(() => broker.Client("anna").FinishAsync(id, first!.LeaseToken, "stale"));
        Assert.Equal((409, ErrorCodes.LeaseLost, JobStates.Running), (stale.Status, stale.Code, stale.State));
        await broker.Client("bert").FinishAsync(id, second.LeaseToken, "good");
        Assert.Equal("good", (await broker.GetAsync(id)).Result);
        await Assert.ThrowsAsync<BrokerException>(() => broker.Client("anna").FailAsync(id, first!.LeaseToken, "stale"));
    }

    [Fact]
    public async Task LeaseOfAPythonRunnerThatComesLateIsStillItsOwn()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        await broker.ClaimAsync("anna");
        await broker.AdvanceUntilAsync(broker.Lease, id, job => job.Status == JobStatuses.Queued);
        using var other = await broker.PostAsync($"jobs/{id}/result", null, "bert", new { result = "not mine" });
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        using var own = await broker.PostAsync($"jobs/{id}/result", null, "anna", new { result = "late" });
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        var done = await broker.GetAsync(id);
        Assert.Equal(("late", "anna"), (done.Result, done.WorkerId));
        Assert.Null(await broker.ClaimAsync("bert"));
    }

    [Fact]
    public async Task LeaseGetsTheTimeBackInWhichTheBrokerCouldNotWrite()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        broker.Clock.Advance(broker.Lease - TimeSpan.FromSeconds(10));
        using (var other = new SqliteConnection($"Data Source={broker.DatabasePath};Pooling=False"))
        {
            other.Open();
            using var transaction = other.BeginTransaction(deferred: false);
            var refused = await Assert.ThrowsAsync<BrokerException>(() => broker.Client("anna").HeartbeatAsync(id, claim!.LeaseToken));
            Assert.Equal(503, refused.Status);
        }
        broker.Clock.Advance(broker.Lease - Millisecond); // long after the lease's own end
        await broker.CreateAsync(); // whatever was due has been looked at
        Assert.Equal(JobStatuses.Running, (await broker.GetAsync(id)).Status);
        await broker.AdvanceUntilAsync(Millisecond, id, job => job.Status == JobStatuses.Queued);
    }

    [Fact]
    public async Task HeartbeatExtendsTheLease()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        broker.Clock.Advance(broker.Lease / 2);
        var beat = await broker.Client("anna").HeartbeatAsync(id, claim!.LeaseToken);
        Assert.Equal(broker.Clock.GetUtcNow().ToUnixTimeSeconds() + BrokerFixture.LeaseSeconds, beat.LeaseUntil);
        broker.Clock.Advance(broker.Lease - Millisecond);
        Assert.Equal(JobStatuses.Running, (await broker.GetAsync(id)).Status);
        await broker.AdvanceUntilAsync(Millisecond, id, job => job.Status == JobStatuses.Queued);
        var late = await Assert.ThrowsAsync<BrokerException>(() => broker.Client("anna").HeartbeatAsync(id, claim.LeaseToken));
        Assert.Equal((409, JobStates.Queued), (late.Status, late.State));
    }

    [Fact]
    public async Task WireShowsStartPlusLeaseInWholeSeconds()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await broker.CreateAsync();
        broker.Clock.Advance(TimeSpan.FromMilliseconds(1999));
        var claim = await broker.ClaimAsync();
        Assert.Equal(broker.Clock.GetUtcNow().ToUnixTimeSeconds(), claim!.StartedAt);
        Assert.Equal(claim.StartedAt + BrokerFixture.LeaseSeconds, claim.LeaseUntil);
    }

    [Fact]
    public async Task AfterARestartNoLeaseEndsBeforeAWholePeriod()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        await broker.StopAsync();
        broker.Clock.Advance(broker.Lease * 10);
        await broker.StartAgainAsync();
        broker.Clock.Advance(broker.Lease - Millisecond);
        Assert.Null(await broker.ClaimAsync("bert"));
        await broker.Client("anna").HeartbeatAsync(id, claim!.LeaseToken);
        await broker.AdvanceUntilAsync(broker.Lease, id, job => job.Status == JobStatuses.Queued);
        Assert.Equal(2, (await broker.ClaimSoonAsync("bert")).Attempt);
    }

    [Fact]
    public async Task FifthLostLeaseFailsTheJobForGood()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        for (var n = 1; n <= Job.MaxLostLeases; n++)
        {
            Assert.Equal(n, (await broker.ClaimSoonAsync("anna")).Attempt);
            await broker.AdvanceUntilAsync(broker.Lease, id, job => job.LostLeases == n);
        }
        var failed = await broker.GetAsync(id);
        Assert.Equal((JobStatuses.Failed, "lease lost 5 times"), (failed.Status, failed.Error));
        Assert.Null(await broker.ClaimAsync("anna"));
    }

    [Fact]
    public async Task RequeuedJobGoesToItsOldPlace()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await broker.CreateAsync("1");
        var second = await broker.CreateAsync("2");
        var claim = await broker.ClaimAsync("anna");
        await broker.Client("anna").ReleaseAsync(first, claim!.LeaseToken);
        Assert.Equal(first, (await broker.ClaimAsync("bert"))!.Id);
        Assert.Equal(second, (await broker.ClaimAsync("bert"))!.Id);
        Assert.Equal((0, 0), ((await broker.GetAsync(first)).Failures, (await broker.GetAsync(first)).LostLeases));
    }

    /// <summary>It is written, but the queue has not heard of it, and takes the lease as over.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CancelJustBeforeTheLeaseEndsGivesItNoTimeAndAHeartbeatAWholePeriod(bool isCancel)
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static options => options with { LeaseSeconds = 20 }); // the table is read at 30
        var lease = TimeSpan.FromSeconds(20);
        var (written, ends, refused) = (0, 0, 0);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        broker.OnSend = async call =>
        {
            var e = call.Request.GetArgumentCount() > 0 ? call.Request.GetArgument(0) : null;
            if (e is LeaseEnded) Interlocked.Increment(ref ends);
            await call.Invoke();
            if (call.Result is JobReply { Refusal: Refusal.LeaseLost }) Interlocked.Increment(ref refused);
            if (e is not (CancelRequested or Heartbeat)) return;
            Interlocked.Increment(ref written);
            await hold.Task;
        };
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        broker.Clock.Advance(lease - Millisecond);
        var call = isCancel ? broker.Client().CancelAsync(id) : (Task)broker.Client("anna").HeartbeatAsync(id, claim!.LeaseToken);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref written) == 1));
        broker.Clock.Advance(Millisecond);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref refused) == 1));
        await broker.Queue.DescribeAsync(); // it knows that it was refused
        hold.SetResult();
        await call;
        broker.Clock.Advance(TimeSpan.FromMilliseconds(200)); // its news leave on their own
        await broker.Queue.DescribeAsync();
        if (isCancel)
        {
            await broker.AdvanceUntilAsync(TimeSpan.FromMilliseconds(800), id, job => job.State == JobStates.Cancelled);
            return;
        }
        broker.Clock.Advance(lease - TimeSpan.FromMilliseconds(201));
        await broker.Queue.DescribeAsync(); // whatever was due has been begun
        Assert.Equal(1, Volatile.Read(ref ends));
        await broker.AdvanceUntilAsync(Millisecond, id, job => job.LostLeases == 1);
    }

    [Fact]
    public async Task CancelThatTheQueueFindsInTheTableGivesTheLeaseNoTime()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (written, compared) = (0, 0);
        broker.OnSend = async call =>
        {
            var isCancel = call.Request.GetArgumentCount() > 0 && call.Request.GetArgument(0) is CancelRequested;
            await call.Invoke();
            if (call.InterfaceMethod.Name == nameof(IQueueGrain.EndComparisonAsync)) Interlocked.Increment(ref compared);
            if (!isCancel) return;
            Interlocked.Increment(ref written);
            await hold.Task;
        };
        var id = await broker.CreateAsync();
        await broker.ClaimAsync("anna");
        broker.Clock.Advance(TimeSpan.FromSeconds(29));
        var cancel = broker.Client().CancelAsync(id);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref written) == 1));
        broker.Clock.Advance(TimeSpan.FromSeconds(1)); // the queue reads of it, and has not heard of it
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref compared) == 1));
        hold.SetResult();
        await cancel;
        await broker.AdvanceUntilAsync(broker.Lease - TimeSpan.FromSeconds(30), id, job => job.State == JobStates.Cancelled);
    }

    [Fact]
    public async Task CancelOfARunningJobReachesItsWorkerAndEndsWithItsLease()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync("anna");
        var asked = await broker.Client().CancelAsync(id, "changed my mind");
        Assert.Equal((JobStatuses.Running, true), (asked.Status, asked.CancelRequested));
        Assert.True((await broker.Client("anna").HeartbeatAsync(id, claim!.LeaseToken)).CancelRequested);
        await broker.AdvanceUntilAsync(broker.Lease, id, job => job.State == JobStates.Cancelled);
        var cancelled = await broker.GetAsync(id);
        Assert.Equal((JobStatuses.Failed, "cancelled: changed my mind"), (cancelled.Status, cancelled.Error));
    }
}
