using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Files of earlier and of newer versions. Files/ holds one of each earlier version, as its program left it, and its answers as they were
/// then.</summary>
public sealed class MigrationTests
{
    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 25)]
    [InlineData(3, 25)]
    [InlineData(4, 25)]
    [InlineData(5, 25)]
    [InlineData(6, 25)]
    [InlineData(7, 25)]
    public async Task JobsOfEarlierVersionsReadAsTheyDidThen(int version, int count)
    {
        await using var broker = await BrokerFixture.StartAsync(path => File.Copy(Earlier(version), path));
        var jobs = await AnswersOfAsync(version);
        Assert.Equal(count, jobs.Count);
        foreach (var (name, then) in jobs)
        {
            var now = await ReadAsync(broker, $"jobs/{then!["id"]}");
            foreach (var (field, value) in then.AsObject())
            {
                var read = version == 1 && field == "requires" && now[field] is { } text ? JsonNode.Parse(text.GetValue<string>()) : now[field];
                Assert.True(JsonNode.DeepEquals(value, read), $"{name}: {field} was {value} and is {read}");
            }
        }
        Assert.Equal("lost_too_often", (string?)(await ReadAsync(broker, $"jobs/{jobs["lost"]!["id"]}"))["outcome"]);
        Assert.Equal((string?)jobs["queued keyed"]!["id"], await CreateKeyedAsync(broker));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task JobsOfEarlierVersionsGoOnWhereTheyWere(int version)
    {
        await using var broker = await BrokerFixture.StartAsync(path => File.Copy(Earlier(version), path));
        var jobs = await AnswersOfAsync(version);
        var token = broker.Query<string>($"select lease_token from job where id = '{jobs["running claim"]!["id"]}'");
        using (var finished = await broker.PostAsync($"jobs/{jobs["running claim"]!["id"]}/result", token, "anna",
            new { result = "r" })) Assert.Equal(HttpStatusCode.OK, finished.StatusCode);
        using (var failed = await broker.PostAsync($"jobs/{jobs["running cancel"]!["id"]}/fail", null, "bert",
            new { error = "e" })) Assert.Equal(HttpStatusCode.OK, failed.StatusCode);
        Assert.Equal("cancelled: too late", (await broker.GetAsync((string)jobs["running cancel"]!["id"]!)).Error);
        foreach (var name in (string[])["released queued", "queued keyed", "queued"]) Assert.Equal((string?)jobs[name]!["id"],
            (await broker.ClaimAsync("gus"))!.Id);
        Assert.Null(await broker.ClaimAsync("gus"));
        Assert.Equal((string?)jobs["queued text caps"]!["id"], (string?)(await ClaimAsync(broker, "cpu"))!["id"]);
        AssertClean(broker.DatabasePath);
    }

    /// <summary>Whatever a wrong clock said of their age.</summary>
    [Fact]
    public async Task KeysOfVersion2AreKeptForADayMore()
    {
        await using var broker = await BrokerFixture.StartAsync(static path =>
        {
            File.Copy(Earlier(2), path);
            using var file = Open(path);
            Assert.Equal(2, file.Execute("update idempotency_key set created_at = created_at + (key = 'key-2') * 31536000000"));
        });
        var keyed = (string?)(await AnswersOfAsync(2))["queued keyed"]!["id"];
        await broker.RunForAsync(TimeSpan.FromHours(24));
        Assert.Equal(keyed, await CreateKeyedAsync(broker));
        await broker.RunForAsync(TimeSpan.FromHours(2));
        Assert.NotEqual(keyed, await CreateKeyedAsync(broker));
        Assert.Equal("key-1", broker.Query<string>("select group_concat(key) from idempotency_key"));
    }

    /// <summary>Whatever a wrong clock said of their age.</summary>
    [Fact]
    public async Task AuditOfVersion4IsKeptForItsDaysMore()
    {
        await using var broker = await BrokerFixture.StartAsync(static path =>
        {
            File.Copy(Earlier(4), path);
            using var file = Open(path);
            Assert.Equal(2, file.Execute("update audit set at = at - (n = 1) * 31536000000 + (n = 2) * 31536000000"));
        }, static o => o with { AuditDays = 1 });
        await broker.RunForAsync(TimeSpan.FromHours(23));
        Assert.Equal(2, broker.Query<long>("select count(*) from audit"));
        await broker.RunForAsync(TimeSpan.FromHours(3));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from audit") == 0));
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 25)]
    [InlineData(3, 25)]
    [InlineData(4, 25)]
    [InlineData(5, 25)]
    [InlineData(6, 25)]
    [InlineData(7, 25)]
    public void BackupOfAnEarlierVersionIsTheFileAsItWas(int version, int count)
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        var backupPath = $"{path}.v{version}-backup";
        File.Copy(Earlier(version), path);
        using (var database = Database.Open(path)) Assert.Equal(new UpgradeReport(version, Migrations.Newest, backupPath), database.Upgrade);
        using var backup = Open(backupPath);
        Assert.Equal(version, backup.Scalar<long>("pragma user_version"));
        Assert.Equal(count, backup.Scalar<long>("select count(*) from job"));
        Assert.True(FileModes.IsPrivate(backupPath));
        AssertClean(path);
        using (var again = Database.Open(path)) Assert.Null(again.Upgrade);
    }

    [Theory]
    [InlineData(1, 20, 5)]
    [InlineData(2, 25, 1)]
    [InlineData(3, 25, 1)]
    [InlineData(4, 25, 1)]
    public void KilledBetweenAnyTwoStatementsAnEarlierVersionOpensAgain(int version, int count, int states)
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        File.Copy(Earlier(version), path);
        var kills = Kills.Before(folder, path, connection => Migrations.Upgrade(connection, path, version));
        Assert.True(kills.Count > states, $"only {kills.Count} states were seen");
        foreach (var kill in kills)
        {
            using (var file = Open(kill)) Assert.InRange(file.Scalar<long>("pragma user_version"), version, Migrations.Newest);
            using (var database = Database.Open(kill))
            using (var connection = database.Connect()) Assert.Equal(count, connection.Scalar<long>("select count(*) from jobs"));
            AssertClean(kill);
        }
    }

    [Fact]
    public async Task NewerFileThatOnlyAddsIsOpenedAndWhatIsUnknownStays()
    {
        await using var broker = await BrokerFixture.StartAsync(static path =>
        {
            Database.Open(path).Dispose();
            using var newer = Open(path);
            newer.Execute("pragma writable_schema = on; update sqlite_schema set sql = replace(sql, '''held'', ''running''', '''held'', ''dreaming'', "
                + "''running''') where name = 'job'; pragma writable_schema = reset");
            newer.Execute("""
                alter table job add column colour text default 'red';
                create table dream (id text primary key);
                insert into job (seq, id, version, queue, lane, command, rank, state, ready, created_at)
                values (1, '00000000-0000-4000-8000-000000000001', 1, 'default', '', x'70', 1, 'dreaming', 0, 1);
                insert into job_payload (seq, payload) values (1, x'70');
                insert into job_count (queue, state, jobs) values ('default', 'dreaming', 1);
                update meta set last_seq = 1;
                pragma user_version = 99;
                """);
        });
        var id = await broker.CreateAsync();
        Assert.Equal(id, (string?)(await ReadAsync(broker, "jobs"))["jobs"]!.AsArray().Single()!["id"]);
        await ReadAsync(broker, "queues");
        using (var missing = await broker.Http.SendAsync(Get("jobs/00000000-0000-4000-8000-000000000001"))) Assert.Equal(HttpStatusCode.NotFound,
            missing.StatusCode);
        Assert.Equal(id, (await broker.ClaimAsync())!.Id);
        await broker.StartAgainAsync();
        Assert.Equal(JobStatuses.Running, (await broker.GetAsync(id)).Status);
        Assert.Equal((99, 1, "red"), (broker.Query<long>("pragma user_version"),
            broker.Query<long>("select count(*) from job where state = 'dreaming'"), broker.Query<string>($"select colour from job where id = '{id}'")));
    }

    [Fact]
    public void NewerFileThatThisProgramCannotReadIsRefused()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        Database.Open(path).Dispose();
        using (var newer = Open(path)) newer.Execute("pragma user_version = 99; update meta set readable_from = 98");
        var before = File.ReadAllBytes(path);
        var refused = Assert.Throws<DatabaseException>(() => Database.Open(path));
        Assert.Contains($"version 99, readable from version 98; this one is {Migrations.Newest}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void NewFileCanGiveBackPagesAndAnOlderOneOnceItIsCompacted()
    {
        using var folder = new TempFolder();
        var (young, old) = (folder.File("young.db"), folder.File("old.db"));
        Database.Open(young).Dispose();
        using (var file = Open(young)) Assert.Equal(2, file.Scalar<long>("pragma auto_vacuum"));
        File.Copy(Earlier(1), old);
        using (var file = Open(old)) file.Execute("create table filler (a); insert into filler values (zeroblob(1000000)); drop table filler");
        var (before, after) = Compaction.Run(old);
        Assert.InRange(before - after, 800_000, before);
        using var compacted = Open(old);
        Assert.Equal((2, 20), (compacted.Scalar<long>("pragma auto_vacuum"), compacted.Scalar<long>("select count(*) from jobs")));
    }

    private static string Earlier(int version) => Path.Combine(AppContext.BaseDirectory, "Files", $"version-{version}.db");

    /// <summary>What that version's program answered, by the jobs' names.</summary>
    private static async Task<JsonObject> AnswersOfAsync(int version) =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(Earlier(version), "json")))!.AsObject();

    internal static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    internal static void AssertClean(string path)
    {
        using var connection = Open(path);
        Assert.Equal("ok", connection.Scalar<string>("pragma integrity_check"));
        Assert.Null(connection.Scalar<string>("pragma foreign_key_check"));
        Assert.Equal("job", connection.Scalar<string>("select \"table\" from pragma_foreign_key_list('job_payload')"));
        Assert.Equal(0, connection.Scalar<long>("select count(*) from (select queue, state, count(*) from job group by 1, 2 except select queue, "
            + "state, jobs from job_count)"));
    }

    private static HttpRequestMessage Get(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
        return request;
    }

    internal static async Task<JsonNode> ReadAsync(BrokerFixture broker, string path)
    {
        using var answer = await broker.Http.SendAsync(Get(path));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    internal static async Task<JsonNode?> ClaimAsync(BrokerFixture broker, string caps = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "jobs/next");
        request.Headers.Add(HeaderNames.WorkerToken, BrokerProcess.WorkerToken);
        request.Headers.Add(HeaderNames.WorkerCaps, caps);
        using var answer = await broker.Http.SendAsync(request);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["job"];
    }

    /// <summary>The request that made the job 'queued keyed' in version 1, once more.</summary>
    private static async Task<string> CreateKeyedAsync(BrokerFixture broker)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "jobs") { Content = new StringContent("""{"command": "ping", "payload": "keyed"}""", null, "application/json") };
        request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
        request.Headers.Add(HeaderNames.IdempotencyKey, "key-1");
        using var answer = await broker.Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!;
    }
}
