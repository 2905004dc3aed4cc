using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Clients that don't read what they asked for, and clients that send too much at once.</summary>
public class SlowReaderTests
{
    private const int Result = 8 << 20;
    private const int Fits = 3; // readings; or one body, which is counted twice

    [Fact]
    public async Task WhoDoesNotReadIsCutOffAndOverTheBudgetIsBusy()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: options => options with { MaxBytesInFlight = (Fits * Result) + 1000 });
        var budget = broker.Services.GetRequiredService<ByteBudget>();
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync();
        using (var finished = await broker.PostAsync($"/jobs/{id}/result", claim!.LeaseToken, null,
            new { result = new string('x', Result) })) finished.EnsureSuccessStatusCode();
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(budget.InFlight == 0));

        var readers = new List<TcpClient>();
        try
        {
            for (var i = 0; i < Fits; i++) readers.Add(await AskAsync(broker.Url, id));
            await BrokerFixture.EventuallyAsync(() => Task.FromResult(budget.InFlight == Fits * (Result + 1)));

            using var refused = await broker.Http.SendAsync(Ask(id));
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            using var body = await broker.PostAsync($"/jobs/{id}/result", claim.LeaseToken, null, new { result = new string('x', Result) });
            Assert.Equal(503, (int)body.StatusCode);
            Assert.Equal("queued", (await broker.GetAsync(await broker.CreateAsync())).Status); // short ones go on

            await BrokerFixture.EventuallyAsync(() => Task.FromResult(budget.InFlight == 0)); // cut off, by nobody's clock but the server's own
            Assert.Equal(Result, (await broker.GetAsync(id)).Result!.Length);
        }
        finally
        {
            foreach (var reader in readers) reader.Dispose();
        }
    }

    [Fact]
    public async Task ManyWhoDoNotReadTakeBoundedMemoryAndItIsGivenBack()
    {
        const int MiB = 1 << 20;
        using var folder = new TempFolder();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"),
            new Dictionary<string, string> { [BrokerVariables.MaxBytesInFlight] = $"{64 * MiB}" });
        var client = broker.Client("anna");
        var id = (await client.CreateAsync(new CreateJob("ping", ""))).Id;
        var claim = await client.ClaimAsync("c", TimeSpan.Zero);
        await client.FinishAsync(id, claim!.LeaseToken, new string('x', Result - 1000));
        var readers = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 60; i++) readers.Add(await AskAsync(broker.Url, id));
            var highest = 0L;
            for (var i = 0; i < 50; i++) // each answer of its own is a moment in which memory may grow
            {
                await client.CreateAsync(new CreateJob("ping", ""));
                highest = Math.Max(highest, Resident());
            }
            Assert.InRange(highest, 0, 900L * MiB); // 60 answers of 8 MiB, held as they come, are 2 GB
        }
        finally
        {
            foreach (var reader in readers) reader.Dispose();
        }
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Resident() < 380 * MiB));

        long Resident()
        {
            broker.Program.Process.Refresh();
            return broker.Program.Process.WorkingSet64;
        }
    }

    /// <summary>Pieces end where they end, also within a character or an escape.</summary>
    [Fact]
    public async Task LongTextComesBackAsItWas()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var text = string.Concat(Enumerable.Range(0, 30_000).Select(static i => "ü😀\"\\\n\u0001".Substring(0, (i % 7) switch { 2 => 3, var n => n })));
        var id = await broker.CreateAsync();
        var claim = await broker.ClaimAsync();
        using (var finished = await broker.PostAsync($"/jobs/{id}/result", claim!.LeaseToken, null, new { result = text })) finished.EnsureSuccessStatusCode();
        Assert.Equal(text, (await broker.GetAsync(id)).Result);
    }

    private static HttpRequestMessage Ask(string id)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/jobs/{id}");
        request.Headers.Add("X-Bot-Token", BrokerProcess.BotToken);
        return request;
    }

    private static async Task<TcpClient> AskAsync(Uri url, string id)
    {
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(url.Host, url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /jobs/{id} HTTP/1.1\r\nHost: x\r\nX-Bot-Token: {BrokerProcess.BotToken}\r\n\r\n"));
        return client;
    }
}
