using System.Text;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Hostile values in every field and parameter: kept as they are, or refused without being repeated.</summary>
public class InputTests(TestedBroker broker) : ContractTest(broker)
{
    private const string Canary = "value-canary";

    /// <summary>Every JSON type that is no text, each with something to recognize it by.</summary>
    private static readonly string[] NoTexts =
        ["12345678901234567890", "-1e999", "1e999", "[\"value-canary\"]", "{\"value-canary\":\"value-canary\"}", "true", "[[[]]]"];

    /// <summary>Fields that must be texts, and whether they may be null.</summary>
    public static TheoryData<string, string, string, bool> Fields { get; } = new()
    {
        { "/jobs", "command", """{"command":?,"payload":"x"}""", false },
        { "/jobs", "payload", """{"command":"x","payload":?}""", false },
        { "/jobs", "queue", """{"command":"x","payload":"x","queue":?}""", true },
        { "/jobs/{id}/cancel", "reason", """{"reason":?}""", true },
        { "/jobs/{id}/result", "result", """{"result":?}""", false },
        { "/jobs/{id}/fail", "error", """{"error":?}""", false },
        { "/queues/default/pause", "reason", """{"reason":?}""", true },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task WrongTypeNamesTheFieldAndNotItsValue(string path, string field, string body, bool mayBeNull)
    {
        var id = await RunningJobAsync();
        foreach (var value in (string[])[.. NoTexts, .. mayBeNull ? Array.Empty<string>() : ["null"]])
        {
            var (to, sent) = (path.Replace("{id}", id, StringComparison.Ordinal), body.Replace("?", value, StringComparison.Ordinal));
            var answer = await Api.PostAsync(to, sent, Api.Bot, Api.Worker);
            answer.IsInvalid($"body.{field}");
            Assert.DoesNotContain(Canary, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("999", answer.Text, StringComparison.Ordinal);
        }
        Assert.Equal("running", (await Api.JobAsync(id)).Text("state"));
    }

    /// <summary>JSON has no such values; a number that no machine holds is one all the same.</summary>
    [Theory]
    [InlineData("NaN", false)]
    [InlineData("Infinity", false)]
    [InlineData("0x10", false)]
    [InlineData("01", false)]
    [InlineData("1e999", true)]
    [InlineData("-1e-999", true)]
    [InlineData("123456789012345678901234567890123456789012345678901234567890", true)]
    public async Task NumberInAFieldThatNobodyKnowsIsIgnoredOrNoJson(string number, bool isJson)
    {
        var answer = await Api.CreateFromAsync($$$"""{"command":"ping","payload":"x","unknown":{{{number}}},"requires":{"caps":[],"n":{{{number}}}}}""");
        if (isJson) answer.Is(200);
        else answer.IsInvalidBody();
    }

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00x")]
    public async Task LoneSurrogateInAnyNameOrTextIsInvalid(string half)
    {
        var id = await RunningJobAsync();
        (await Api.CreateFromAsync($$"""{"{{half}}":1,"command":"ping","payload":"x"}""")).IsInvalidBody();
        (await Api.CreateFromAsync($$"""{"command":"ping","payload":"x","queue":"{{half}}"}""")).IsInvalidBody();
        (await Api.CancelAsync(id, $$"""{"reason":"{{half}}"}""")).IsInvalidBody();
        (await Api.PostAsync("/queues/default/pause", $$"""{"reason":"{{half}}"}""", Api.Bot)).IsInvalidBody();
        Assert.Equal("running", (await Api.JobAsync(id)).Text("state"));
    }

    public static TheoryData<string> Injections { get; } =
    [
        "'", "''", "\"", "`", "\\", "%", "_", "*", ";", "--", "/*", "?1", "$id", ":id", "@id",
        "x' or '1'='1", "x\" or \"1\"=\"1", "1; drop table job; --", "'); delete from job; --", "x' union select lease_token from job --",
        "\\'; drop table job; --", "x'||(select payload from job_payload)||'", "x') or 1=1 --", "' and 1=randomblob(1000000000) --",
        "x'; attach database '/tmp/evil.db' as e; --", "x'; pragma writable_schema = 1; --", "\0' or 1=1 --", "ʼ or 1=1 --", "＇ or 1=1 --",
    ];

    [Theory]
    [MemberData(nameof(Injections))]
    public async Task SqlInAnyFieldOrParameterIsData(string sql)
    {
        var visible = new string([.. sql.Where(static c => c is > ' ' and <= '~')]);
        var (ping, key) = (await Api.NewJobAsync(), $"Idempotency-Key: {visible}{Guid.NewGuid():n}");
        await Api.TakeAsync();
        var created = await Api.CreateFromAsync(
            $$$"""{"command":{{{Api.Quote(sql)}}},"payload":{{{Api.Quote(sql)}}},"requires":{"caps":[{{{Api.Quote(sql)}}}]}}""", key);
        var id = created.Is(200).Json.Id();
        (await Api.CreateFromAsync($$"""{"command":"ping","payload":"x","queue":{{Api.Quote(sql + "'")}}}""")).Is(422);
        var caps = $"X-Worker-Caps: [{System.Text.Json.JsonSerializer.Serialize(sql)}]";
        var claim = await Api.TakeAsync(caps, "X-Worker-Id: " + visible, "X-Claim-Id: " + visible);
        Assert.Equal((id, sql, sql, visible), (claim.Id(), claim.Text("command"), claim.Text("payload"), claim.Text("worker_id")));
        Assert.Equal(id, (await Api.TakeAsync(caps, "X-Worker-Id: " + visible, "X-Claim-Id: " + visible)).Id());
        Assert.Equal(id, Assert.Single((await ListAsync("command", sql))));
        Assert.Contains(id, await ListAsync("worker", visible));
        Assert.Empty(await ListAsync("queue", sql));
        foreach (var name in (string[])["state", "limit", "cursor"]) (await Api.GetAsync($"/jobs?{name}={Uri.EscapeDataString(sql)}", Api.Bot)).Is(422);
        (await Api.DoAsync(id, "result", """{"result":"x"}""", "X-Lease-Token: " + visible)).Is(409);
        Assert.Contains((await Api.PostAsync($"/queues/{Uri.EscapeDataString(sql + "'")}/pause", null, Api.Bot)).Status, new[] { 400, 404 });
        (await Api.FailAsync(id, sql, claim.Fence())).Is(200);
        Assert.Equal(sql.Trim(), (await Api.JobAsync(id)).Text("error"));
        (await Api.FinishAsync(ping, sql)).Is(200);
        Assert.Equal(sql, (await Api.JobAsync(ping)).Text("result"));
        Assert.Equal(created.Json.Id(), id);
    }

    /// <summary>A line of the log that another could be taken for is never written, whatever a person or a worker says.</summary>
    [Fact]
    public async Task WhatOthersSayNeverEndsALineOfTheLog()
    {
        await using var own = await OwnBroker.StartAsync();
        const string Evil = "evil-1\r\n2026-01-01T00:00:00.000Z error forged=yes\u001b[31m\u2028forged\u2029\u0085\u202eforged\u2066\u200b\"=\\ evil-2";
        var quoted = Api.Quote(Evil);
        await own.Api.CreateFromAsync($$$"""{"command":{{{quoted}}},"payload":{{{quoted}}},"requires":{{{quoted}}}}""");
        var job = await own.Api.TakeAsync();
        await own.Api.FailAsync(job.Id(), Evil, job.Fence());
        (await own.Api.PostAsync("/queues/default/pause", $$"""{"reason":{{quoted}}}""", own.Api.Bot)).Is(200);
        await own.Process.Program.WaitForLineAsync("evil-2");
        await own.Api.GetAsync("/jobs/%0d%0aforged", own.Api.Bot);
        await own.Api.CreateFromAsync($$"""{"command":"ping","payload":"x","queue":{{quoted}}}""");
        Assert.Equal(0, await own.Process.Program.StopAsync());
        var lines = own.Process.Program.Output.Split('\n');
        Assert.Single(lines, static l => l.Contains("evil-1", StringComparison.Ordinal) && l.Contains("evil-2", StringComparison.Ordinal));
        Assert.All(lines, static l => Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z (debug|info|warn|error|fatal) ", l));
        Assert.DoesNotContain(lines, static l => l.Contains(" error ", StringComparison.Ordinal) && !l.Contains("evil-1", StringComparison.Ordinal));
        Assert.All(lines, static l => Assert.DoesNotContain(l.EnumerateRunes(), static r =>
            Rune.IsControl(r) || r.Value is 0x2028 or 0x2029 or 0x202e or 0x2066));
    }

    [Theory]
    [InlineData("POST", "/queues/default/pause")]
    [InlineData("POST", "/queues/default/resume")]
    [InlineData("DELETE", "/jobs/00000000-0000-4000-8000-000000000000")]
    public async Task BodiesOfWhatTakesLittleAreSmall(string method, string path) =>
        (await Api.SendAsync(new HttpMethod(method), path, Encoding.ASCII.GetBytes("{}".PadRight((16 * 1024) + 1)), Api.Bot)).IsRefused(413);

    private async Task<IEnumerable<string>> ListAsync(string parameter, string value) =>
        (await Api.GetAsync($"/jobs?limit=200&{parameter}={Uri.EscapeDataString(value)}", Api.Bot)).Is(200)["jobs"].EnumerateArray().Select(static j => j.Id());
}
