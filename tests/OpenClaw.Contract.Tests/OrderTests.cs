using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>First in, first out, and each job to one worker.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class OrderTests(TestedBroker broker) : ContractTest(broker)
{
    [Fact]
    public async Task JobsComeOutAsTheyWentIn()
    {
        var created = await CreateAsync(30); // many within one second
        Assert.Equal(created, await ClaimAsync(30));
    }

    [Fact]
    public async Task OrderHoldsWhileOthersFinish()
    {
        var created = await CreateAsync(12);
        var claimed = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            claimed.Add((await Api.TakeAsync()).Id());
            if (i % 2 == 1) await Api.FinishAsync(claimed[i - 1], "done");
            if (i % 3 == 2) await Api.FailAsync(claimed[i], "failed");
            if (i % 4 == 3) created.Add(await Api.NewJobAsync());
        }
        claimed.AddRange(await ClaimAsync(3));
        Assert.Equal(created, claimed);
    }

    [Fact]
    public async Task ManyClaimsAtOnceTakeEachJobOnce()
    {
        var created = await CreateAsync(24);
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Api.ClaimAsync($"X-Worker-Id: w{i}")));
        var claimed = answers.Where(a => a.Job is not null).Select(a => a.Job!.Value.Id()).ToList();
        Assert.Equal(created.Order(), claimed.Order());
    }

    [Fact]
    public async Task JobsFailedInTheQueueAreSkipped()
    {
        var created = await CreateAsync(6);
        await Api.FailAsync(created[0], "x");
        await Api.FailAsync(created[3], "x");
        Assert.Equal([created[1], created[2], created[4], created[5]], await ClaimAsync(4));
        (await Api.ClaimAsync()).IsExactly(200, """{"job":null}""");
    }

    [Fact]
    public async Task RunningJobIsHandedToNobodyElse()
    {
        await RunningJobAsync("X-Worker-Id: ada");
        (await Api.ClaimAsync("X-Worker-Id: bob")).IsExactly(200, """{"job":null}""");
        (await Api.ClaimAsync("X-Worker-Id: ada")).IsExactly(200, """{"job":null}""");
    }

    private async Task<List<string>> CreateAsync(int count)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++) ids.Add(await Api.NewJobAsync("ping", $"{i}"));
        return ids;
    }

    private async Task<List<string>> ClaimAsync(int count)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++) ids.Add((await Api.TakeAsync()).Id());
        return ids;
    }
}
