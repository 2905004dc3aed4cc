using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Hooks;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Webhooks: news of jobs that are told elsewhere, each once and to nobody else.</summary>
public sealed class HooksTests
{
    private const string DeliverToken = "deliver-token-of-the-tests-0123456789abcdef";
    private static readonly byte[] Secret = Encoding.UTF8.GetBytes("a secret of the tests, thirty-two");

    [Fact]
    public async Task WhatSomebodyAskedForIsToldAndNothingElse()
    {
        await using var broker = await StartAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await using var delivery = Deliver(broker);

        var done = await CreateAsync(broker, new { url = receiver.Url + "/a?b=c" });
        await FinishAsync(broker, "ok \u001b[31m\nü");
        var told = await receiver.NextAsync();
        Assert.Equal(("job.done", "/a"), (told.Type, told.Path));
        Assert.Equal((done, "done", "ok", 1, "ok \u001b[31m\nü"), (Text(told.Data, "id"), Text(told.Data, "state"), Text(told.Data, "outcome"),
            told.Data.GetProperty("round").GetInt32(), Text(told.Data, "result")));
        Assert.Equal(broker.NowMs / 1000, told.Json.GetProperty("timestamp").GetDateTimeOffset().ToUnixTimeSeconds());
        AssertSigned(told);

        var failed = await CreateAsync(broker, new { url = receiver.Url, on = new[] { "failed", "held", "failed" } }, approval: true);
        var held = await receiver.NextAsync();
        Assert.Equal(("job.held", failed, "approval"),
            (held.Type, Text(held.Data, "id"), Text(held.Data.GetProperty("holds")[0], "kind")));
        using (await broker.BotAsync(HttpMethod.Patch, $"jobs/{failed}", JsonContent.Create(new { payload = "other" })))
        {
            Assert.Equal("job.held", (await receiver.NextAsync()).Type); // what is asked is another thing now
        }
        await ApproveAsync(broker, failed);
        var claim = (await broker.ClaimAsync("anna"))!;
        await broker.Client("anna").FailAsync(claim.Id, claim.LeaseToken, new string('e', 3000));
        var end = await receiver.NextAsync();
        Assert.Equal(("job.failed", failed, 1001), (end.Type, Text(end.Data, "id"), Text(end.Data, "error")!.Length));
        Assert.NotEqual(held.Header("webhook-id"), end.Header("webhook-id"));

        var cancelled = await CreateAsync(broker, new { url = receiver.Url, on = new[] { "done" } });
        await broker.Client().CancelAsync(cancelled);
        await CreateAsync(broker, new { url = receiver.Url, on = new[] { "cancelled" } });
        await broker.Client().CancelAsync((await broker.Client().ListAsync(new JobFilter())).Jobs[0].Id);
        Assert.Equal("job.cancelled", (await receiver.NextAsync()).Type); // of the second alone
        await IdleAsync(broker);
        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task EachRoundHasItsOwnEndAndCopiesAreToldToo()
    {
        await using var broker = await StartAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await using var delivery = Deliver(broker);
        var id = await CreateAsync(broker, new { url = receiver.Url });
        await FailAsync(broker);
        Assert.Equal(1, (await receiver.NextAsync()).Data.GetProperty("round").GetInt32());
        using (await broker.BotAsync($"jobs/{id}/retry", new { }))
        using (await broker.BotAsync($"jobs/{id}/cancel", new { }))
        {
            Assert.Equal(2, (await receiver.NextAsync()).Data.GetProperty("round").GetInt32());
        }
        using (await broker.BotAsync($"jobs/{id}/retry", new { payload = "changed" }))
        {
            await FinishAsync(broker, "r");
            var copy = await receiver.NextAsync();
            Assert.Equal((id, "job.done"), (Text(copy.Data, "retry_of"), copy.Type));
        }
    }

    [Fact]
    public async Task TheQueueOfHooksIsNobodysAndCountsNowhere()
    {
        await using var broker = await StartAsync(options => options with { MaxQueuedJobs = 1 });
        var id = await CreateAsync(broker, new { url = "https://user:secret@example.org/token?key=1" });
        await FinishAsync(broker, "r");
        await BrokerFixture.EventuallyAsync(async () => (await HooksAsync(broker)).Count == 1);
        await CreateAsync(broker, new { url = "https://example.org" }); // the limit is one job, and this is the one

        Assert.Equal(2, (await broker.Client().ListAsync(new JobFilter())).Jobs.Count);
        var hook = Assert.Single(await HooksAsync(broker));
        Assert.Equal((HookRelay.Command, "https://example.org/…"), (hook.Command, hook.Webhook!.Url));
        Assert.Equal([id], hook.Tags);
        using (var answer = await broker.BotAsync(HttpMethod.Get, $"jobs/{id}", null))
        {
            Assert.Equal("https://example.org/…", Text((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("webhook"), "url"));
        }
        foreach (var path in (string[])[$"jobs/{id}", $"jobs/{hook.Id}", "jobs?queue=_hooks", "jobs"])
        {
            using var answer = await broker.BotAsync(HttpMethod.Get, path, null);
            Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using (var queues = await broker.BotAsync(HttpMethod.Get, "queues", null))
        {
            Assert.DoesNotContain("_hooks", await queues.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using (var made = await broker.BotAsync("jobs", new { command = "c", payload = "", queue = "_hooks" }))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, made.StatusCode);
        }
        await Assert.ThrowsAsync<HttpRequestException>(() => broker.ClaimFromAsync("_hooks"));
        Assert.NotEqual(hook.Id, (await broker.ClaimAsync())?.Id);

        var deliverer = DelivererOf(broker);
        var claim = (await deliverer.ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.Zero))!;
        Assert.Equal((hook.Id, "https://user:secret@example.org/token?key=1"), (claim.Id, claim.WebhookUrl));
        Assert.Null(await deliverer.ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.Zero)); // nothing but hooks
        await deliverer.FinishAsync(claim.Id, claim.LeaseToken, "answered 204");
        await IdleAsync(broker);
        Assert.Single(await HooksAsync(broker)); // a hook's end fires none
    }

    [Fact]
    public async Task WhatIsNotTakenIsSentAgainUnderTheSameId()
    {
        await using var broker = await StartAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await using var elsewhere = await HookReceiver.StartAsync();
        receiver.Answers.Enqueue(HookReceiver.Status(500, "not \u001b[31m now", ("Retry-After", "7000")));
        await using var delivery = Deliver(broker);
        await CreateAsync(broker, new { url = receiver.Url });
        await FinishAsync(broker, "r");
        var first = await receiver.NextAsync();
        JobView hook = null!;
        await BrokerFixture.EventuallyAsync(async () => (hook = (await HooksAsync(broker))[0]).State == JobStates.Scheduled);
        Assert.Equal(broker.NowMs / 1000 + 7000, hook.RunAt);
        Assert.Equal("answered 500: not \\u001b[31m now", (await broker.GetAsync(hook.Id)).Errors![0].Error);
        broker.Clock.Advance(TimeSpan.FromSeconds(7001));
        var second = await receiver.NextAsync();
        Assert.Equal((first.Header("webhook-id"), first.Body), (second.Header("webhook-id"), second.Body));
        AssertSigned(second);

        foreach (var (answer, says) in ((Func<Microsoft.AspNetCore.Http.HttpContext, Task>, string)[])[
            (HookReceiver.Status(410, "gone"), "answered 410: gone"),
            (HookReceiver.Status(302, "", ("Location", elsewhere.Url)), "answered 302, a redirect, and none is followed")])
        {
            receiver.Answers.Enqueue(answer);
            await CreateAsync(broker, new { url = receiver.Url });
            await FinishAsync(broker, "r");
            await receiver.NextAsync();
            await BrokerFixture.EventuallyAsync(async () => (await HooksAsync(broker))[0] is { State: JobStates.Failed, Error: { } error }
                && error.StartsWith(says, StringComparison.Ordinal));
        }
        Assert.Empty(elsewhere.Received);
    }

    [Fact]
    public async Task NewsThatAKillLeftAreToldOnceAfterTheStart()
    {
        await using var broker = await StartAsync();
        var news = new HookEvent(Guid.NewGuid(), "https://example.org/", Guid.NewGuid(), "{}"u8.ToArray());
        await broker.Services.GetRequiredService<IStore>().WriteAsync(new Commit([new HookEventInsert(news)], isEssential: true));
        await broker.StartAgainAsync();
        await BrokerFixture.EventuallyAsync(async () => (await HooksAsync(broker)).Count == 1);
        Assert.Equal(news.Id.ToString(), (await HooksAsync(broker))[0].Id);
        Assert.Equal(0, broker.Query<long>("select count(*) from hook_event"));
        // A relay that was late with the same news makes no second job.
        Assert.NotNull(await broker.Services.GetRequiredService<IStore>().WriteAsync(new Commit([new HookEventDelete(news.Id)], isEssential: true)));
    }

    [Fact]
    public async Task EndAndNewsAreOneCommit()
    {
        await using var broker = await StartAsync();
        var id = await CreateAsync(broker, new { url = "https://example.org/" });
        var claim = (await broker.ClaimAsync("anna"))!;
        broker.Query<object>("create trigger no_news before insert on hook_event begin select raise(abort, 'no news'); end");
        await Assert.ThrowsAsync<BrokerException>(() => broker.Client("anna").FinishAsync(claim.Id, claim.LeaseToken, "r"));
        Assert.Equal(JobStates.Running, (await broker.GetAsync(id)).State);
        broker.Query<object>("drop trigger no_news");
        await broker.Client("anna").FinishAsync(claim.Id, claim.LeaseToken, "r");
        await BrokerFixture.EventuallyAsync(async () => (await HooksAsync(broker)).Count == 1);
    }

    [Fact]
    public async Task HowManyJobsAreKeptIsCountedWithoutThem()
    {
        await using var broker = await StartAsync(options => options with { Keep = new Retention(0, 0, 0, MostJobs: 2) });
        foreach (var webhook in (object?[])[new { url = "https://example.org/" }, new { url = "https://example.org/" }, null])
        {
            await CreateAsync(broker, webhook);
            await FinishAsync(broker, "r");
        }
        await BrokerFixture.EventuallyAsync(async () => (await HooksAsync(broker)).Count == 2);
        var deliverer = DelivererOf(broker);
        while (await deliverer.ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.Zero) is { } claim)
        {
            await deliverer.FinishAsync(claim.Id, claim.LeaseToken, "answered 204");
        }
        broker.Clock.Advance(TimeSpan.FromHours(1));
        await BrokerFixture.EventuallyAsync(async () => (await broker.Client().ListAsync(new JobFilter())).Jobs.Count == 2);
        Assert.Equal(2, (await HooksAsync(broker)).Count);
    }

    [Fact]
    public async Task PythonBrokerGetsNoneOfThem()
    {
        await using var broker = await StartAsync();
        await CreateAsync(broker, new { url = "https://example.org/" });
        await FinishAsync(broker, "r");
        await BrokerFixture.EventuallyAsync(async () => (await HooksAsync(broker)).Count == 1);
        using var folder = new TempFolder();
        Assert.Equal(new JobNumbers(0, 0, 1), PythonExport.Run(broker.DatabasePath, folder.File("python.db")));
    }

    [Fact]
    public async Task ProcessDeliversUntilItIsStopped()
    {
        await using var broker = await StartAsync();
        await using var receiver = await HookReceiver.StartAsync();
        var variables = new Dictionary<string, string>
        {
            ["BROKER_URL"] = broker.Url.ToString(), ["DELIVER_TOKEN"] = DeliverToken, ["WEBHOOK_ALLOW"] = "127.0.0.1",
            ["WEBHOOK_SECRET"] = "whsec_" + Convert.ToBase64String(Secret),
        };
        await using var delivery = ProgramProcess.Start(Repository.Broker, variables, DeliverProgram.Argument);
        await CreateAsync(broker, new { url = receiver.Url });
        await FinishAsync(broker, "r");
        AssertSigned(await receiver.NextAsync());
        receiver.Answers.Enqueue(static context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        await CreateAsync(broker, new { url = receiver.Url });
        await FinishAsync(broker, "r");
        await receiver.NextAsync();
        Assert.Equal(ExitCodes.Ok, await delivery.StopAsync());
        Assert.Equal(JobStates.Queued, (await HooksAsync(broker))[0].State); // what was under way is given back
        Assert.DoesNotContain(DeliverToken, delivery.Output, StringComparison.Ordinal);

        variables.Remove("WEBHOOK_SECRET");
        await using var wrong = ProgramProcess.Start(Repository.Broker, variables, DeliverProgram.Argument);
        await wrong.WaitForLineAsync("WEBHOOK_SECRET");
        Assert.Equal(ExitCodes.Configuration, await wrong.WaitForExitAsync());
    }

    [Theory]
    [InlineData("""{"url": "ftp://example.org/"}""", "webhook.url")]
    [InlineData("""{"url": "example.org"}""", "webhook.url")]
    [InlineData("""{"url": "https://"}""", "webhook.url")]
    [InlineData("""{"url": "https://example.org/ x"}""", "webhook.url")]
    [InlineData("""{"url": "https://example.org/#x"}""", "webhook.url")]
    [InlineData("""{"on": ["done"]}""", "webhook.url")]
    [InlineData("""{"url": "https://example.org/", "on": []}""", "webhook.on")]
    [InlineData("""{"url": "https://example.org/", "on": ["running"]}""", "webhook.on")]
    [InlineData("\"https://example.org/\"", "webhook")]
    public async Task WhatIsNoWebhookIsRefused(string webhook, string where)
    {
        await using var broker = await StartAsync();
        using var answer = await broker.BotAsync(HttpMethod.Post, "jobs", new StringContent(
            $$"""{"command": "ping", "payload": "", "webhook": {{webhook}}}""", Encoding.UTF8, "application/json"));
        var error = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail")[0];
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal($"body.{where}", string.Join('.', error.GetProperty("loc").EnumerateArray().Select(static l => l.GetString())));
    }

    [Fact]
    public async Task WithoutWhoDeliversNoneIsTaken()
    {
        await using var broker = await BrokerFixture.StartAsync();
        using var answer = await broker.BotAsync("jobs", new { command = "ping", payload = "", webhook = new { url = "https://example.org/" } });
        Assert.Contains("DELIVER_TOKEN", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    private static Task<BrokerFixture> StartAsync(Func<BrokerOptions, BrokerOptions>? configure = null) =>
        BrokerFixture.StartAsync(configure: options => (configure ?? (static o => o))(options with { DeliverToken = DeliverToken }));

    private static BrokerClient DelivererOf(BrokerFixture broker) => new(new HttpClient(), broker.Url,
        new BrokerCredentials { WorkerToken = DeliverToken, WorkerId = Token.DeliverName }, TimeProvider.System);

    /// <summary>A program that delivers, to this machine too.</summary>
    private static Delivery Deliver(BrokerFixture broker) => new(DelivererOf(broker), new HookClient(
        new HookGuard([], [IPNetwork.Parse("127.0.0.0/8")]), [Secret], Dns.GetHostAddressesAsync, TimeProvider.System));

    private static async Task<string> CreateAsync(BrokerFixture broker, object? webhook, bool approval = false)
    {
        using var answer = await broker.BotAsync("jobs", new { command = "ping", payload = "p", webhook, approval });
        return Text(await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(), "id")!;
    }

    private static async Task FinishAsync(BrokerFixture broker, string result)
    {
        var claim = await broker.ClaimSoonAsync("anna");
        await broker.Client("anna").FinishAsync(claim.Id, claim.LeaseToken, result);
    }

    private static async Task FailAsync(BrokerFixture broker)
    {
        var claim = await broker.ClaimSoonAsync("anna");
        await broker.Client("anna").FailAsync(claim.Id, claim.LeaseToken, "e");
    }

    private static async Task ApproveAsync(BrokerFixture broker, string id)
    {
        var job = await broker.GetAsync(id);
        await broker.Services.GetRequiredService<JobCalls>().ApplyAsync(Guid.Parse(id),
            new Decision(broker.NowMs, "otto", true, job.Digest!, 2, QueueNames.Default, null));
    }

    private static async Task<IReadOnlyList<JobView>> HooksAsync(BrokerFixture broker)
    {
        using var answer = await broker.BotAsync(HttpMethod.Get, "jobs?queue=_hooks", null);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(WireJson.Default.JobPage))!.Jobs;
    }

    /// <summary>Until nothing is left to be told.</summary>
    private static Task IdleAsync(BrokerFixture broker) => BrokerFixture.EventuallyAsync(async () =>
        broker.Query<long>("select count(*) from hook_event") == 0 && (await HooksAsync(broker)).All(static h => h.Status == JobStatuses.Done));

    private static void AssertSigned(ReceivedHook hook)
    {
        var text = $"{hook.Header("webhook-id")}.{hook.Header("webhook-timestamp")}.{hook.Body}";
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Secret, Encoding.UTF8.GetBytes(text))), hook.Header("webhook-signature"));
        Assert.Equal("application/json; charset=utf-8", hook.Header("Content-Type"));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private sealed class Delivery : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly HookClient hooks;
        private readonly Task running;

        public Delivery(BrokerClient broker, HookClient hooks)
        {
            this.hooks = hooks;
            running = new Deliverer(broker, hooks, new ProgramLog(TextWriter.Null, TimeProvider.System), TimeProvider.System).RunAsync(stop.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await running;
            hooks.Dispose();
            stop.Dispose();
        }
    }
}
