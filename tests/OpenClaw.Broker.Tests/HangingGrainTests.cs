using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>Grains that hang: nobody else waits for them.</summary>
public sealed class HangingGrainTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task QueueThatHangsHoldsACreatesAnswerForASecondAndTheNextNotAtAll()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var hang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = 0;
        broker.OnCall = async call =>
        {
            if (call.InterfaceMethod.Name == nameof(IQueueGrain.ObserveAsync))
            {
                Interlocked.Increment(ref told);
                await hang.Task;
            }
            await call.Invoke();
        };
        var begun = broker.Clock.GetUtcNow();
        var first = broker.CreateAsync("1");
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref told) == 1));
        Assert.False(first.IsCompleted);
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Advance(Step);
            return Task.FromResult(first.IsCompleted);
        });
        Assert.True(broker.Clock.GetUtcNow() - begun >= TimeSpan.FromSeconds(1), "answered before the queue was late");
        var second = await broker.CreateAsync("2"); // while the queue is late nobody waits for it
        Assert.Equal(JobStatuses.Queued, (await broker.GetAsync(await first)).Status);

        hang.SetException(new InvalidOperationException("what the queue was told is lost"));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref told) == 2)); // of the second, too
        broker.OnCall = static call => call.Invoke();
        Assert.Null(await broker.ClaimAsync());
        broker.Clock.Advance(TimeSpan.FromSeconds(30)); // the queue compares itself with the table
        Assert.Equal((await first, second), ((await broker.ClaimSoonAsync()).Id, (await broker.ClaimSoonAsync()).Id));
    }

    [Fact]
    public async Task LeaseEndThatHangsHoldsUpNoOther()
    {
        await using var broker = await BrokerFixture.StartAsync();
        using var ends = new HeldLeaseEnds(broker);
        var hanging = await broker.CreateAsync();
        await broker.ClaimAsync("anna");
        broker.Clock.Advance(broker.Lease);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(ends.UnderWay == 1));
        var other = await broker.CreateAsync();
        Assert.Equal(other, (await broker.ClaimAsync("bert"))!.Id);
        ends.NotHeld = Guid.Parse(other);
        await broker.AdvanceUntilAsync(broker.Lease, other, job => job.LostLeases == 1);
        Assert.Equal((1, JobStatuses.Running), (ends.UnderWay, (await broker.GetAsync(hanging)).Status));
    }

    [Fact]
    public async Task AtMost64LeaseEndsAreUnderWayAtOnce()
    {
        const int Jobs = 100;
        await using var broker = await BrokerFixture.StartAsync();
        using var ends = new HeldLeaseEnds(broker);
        for (var n = 0; n < Jobs; n++)
        {
            await broker.CreateAsync();
            await broker.ClaimAsync("anna");
        }
        broker.Clock.Advance(broker.Lease);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(ends.UnderWay == LeaseEnds.MostAtOnce));
        ends.Release(1);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(ends.Begun == LeaseEnds.MostAtOnce + 1));
        ends.Release(Jobs);
        await BrokerFixture.EventuallyAsync(async () => (await broker.Queue.DescribeAsync()).Ready == Jobs);
        Assert.Equal((64, Jobs), (ends.MostUnderWay, ends.Begun));
    }

    /// <summary>Ends of leases, each held at its job until it is let go.</summary>
    private sealed class HeldLeaseEnds : IDisposable
    {
        private readonly SemaphoreSlim gate = new(0);
        private readonly Lock counting = new();

        public HeldLeaseEnds(BrokerFixture broker) => broker.OnCall = HoldAsync;

        public Guid NotHeld { get; set; }

        public int Begun { get; private set; }

        public int UnderWay { get; private set; }

        public int MostUnderWay { get; private set; }

        public void Release(int count) => gate.Release(count);

        /// <summary>Lets all go, so that the broker can stop.</summary>
        public void Dispose() => gate.Release(1000);

        private async Task HoldAsync(IIncomingGrainCallContext call)
        {
            var isHeld = call.InterfaceMethod.Name == nameof(IJobGrain.ApplyAsync) && call.Request.GetArgument(0) is LeaseEnded
                && call.TargetId.GetGuidKey() != NotHeld;
            if (isHeld) Count(1);
            if (isHeld) await gate.WaitAsync();
            await call.Invoke();
            if (isHeld) Count(-1);
        }

        private void Count(int change)
        {
            lock (counting)
            {
                if (change > 0) Begun++;
                UnderWay += change;
                MostUnderWay = Math.Max(MostUnderWay, UnderWay);
            }
        }
    }
}
