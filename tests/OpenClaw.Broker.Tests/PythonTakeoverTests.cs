using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Databases as the Python broker left them, in every shape it had.</summary>
public sealed class PythonTakeoverTests
{
    private const string Oldest = "id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, status TEXT NOT NULL, command TEXT NOT NULL, payload TEXT NOT "
        + "NULL, result TEXT, finished_at INTEGER";
    private static readonly string[] Later = ["error TEXT", "started_at INTEGER", "lease_until INTEGER", "worker_id TEXT", "requires TEXT"];

    private static string Id(int n) => $"00000000-0000-4000-8000-{n:d12}";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task EveryShapeOpensAndItsJobsAreServed(int laterColumns)
    {
        await using var broker = await BrokerFixture.StartAsync(path => Make(path, laterColumns, $"""
            insert into jobs (id, created_at, status, command, payload) values ('{Id(2)}', 200, 'queued', 'ping', 'second');
            insert into jobs (id, created_at, status, command, payload) values ('{Id(1)}', 100, 'queued', 'ping', 'first');
            insert into jobs (id, created_at, status, command, payload) values ('{Id(3)}', 200, 'queued', 'ping', 'third');
            insert into jobs (id, created_at, status, command, payload, result, finished_at) values ('{Id(4)}', 50, 'done', 'ping', 'p', 'pong: p', 60);
            """));
        var done = await broker.GetAsync(Id(4));
        Assert.Equal((JobStatuses.Done, "p", "pong: p", 50, 60), (done.Status, done.Payload, done.Result, done.CreatedAt, done.FinishedAt));
        foreach (var payload in (string[])["first", "second", "third"]) Assert.Equal(payload, (await broker.ClaimAsync())!.Payload);
        Assert.Equal(4, broker.Query<long>("select count(*) from jobs"));
        Assert.Equal(0, broker.Query<long>("select count(*) from sqlite_schema where name in ('seed_jobs', 'seed_quarantine')"));
        await broker.StartAgainAsync();
        Assert.Equal(JobStatuses.Done, (await broker.GetAsync(Id(4))).Status);
    }

    [Fact]
    public async Task RunningJobStaysWithItsWorkerForAWholeLease()
    {
        await using var broker = await BrokerFixture.StartAsync(path => Make(path, 5, $$"""
            insert into jobs (id, created_at, status, command, payload, started_at, lease_until, worker_id)
                values ('{{Id(1)}}', 100, 'running', 'ping', 'p', 110, 170, 'wsl');
            insert into jobs (id, created_at, status, command, payload, requires) values ('{{Id(2)}}', 100, 'queued', 'ping', 'p', '{"caps":["gpu"]}');
            insert into jobs (id, created_at, status, command, payload, error, finished_at, worker_id)
                values ('{{Id(3)}}', 100, 'failed', 'ping', 'p', 'boom', 120, 'wsl');
            """));
        var running = await broker.GetAsync(Id(1));
        Assert.Equal((JobStatuses.Running, "wsl", 110, 1), (running.Status, running.WorkerId, running.StartedAt, running.Attempt));
        var failed = await broker.GetAsync(Id(3));
        Assert.Equal((JobStatuses.Failed, "boom", "wsl"), (failed.Status, failed.Error, failed.WorkerId));
        Assert.Null(await broker.ClaimAsync("bert"));
        Assert.Equal(Id(2), (await broker.ClaimAsync("bert", "gpu"))!.Id);
        using var finished = await broker.PostAsync($"jobs/{Id(1)}/result", null, "wsl", new { result = "pong" });
        Assert.Equal("pong", (await broker.GetAsync(Id(1))).Result);
    }

    [Fact]
    public async Task RunningJobWhoseWorkerIsGoneIsQueuedAfterALease()
    {
        await using var broker = await BrokerFixture.StartAsync(path =>
            Make(path, 0, $"insert into jobs (id, created_at, status, command, payload) values ('{Id(1)}', 100, 'running', 'ping', 'p')"));
        await broker.AdvanceUntilAsync(broker.Lease, Id(1), job => job.Status == JobStatuses.Queued);
        Assert.Equal(Id(1), (await broker.ClaimSoonAsync()).Id);
    }

    [Fact]
    public void OddRowsGoUnchangedIntoQuarantineAndTheRestIsServed()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        Make(path, 5, $$"""
            insert into jobs (rowid, id, created_at, status, command, payload) values (1, '{{Id(1)}}', 100, 'paused', 'ping', 'p');
            insert into jobs (rowid, id, created_at, status, command, payload) values (2, 'job-2', 100, 'queued', 'ping', 'p');
            insert into jobs (rowid, id, created_at, status, command, payload) values (3, null, 100, 'queued', 'ping', 'p');
            insert into jobs (rowid, id, created_at, status, command, payload) values (4, '{{Id(4)}}', 'yesterday', 'queued', 'ping', 'p');
            insert into jobs (rowid, id, created_at, status, command, payload) values (5, '{{Id(5)}}', 100, 'queued', 'ping', x'ff00');
            insert into jobs (rowid, id, created_at, status, command, payload, requires) values (6, '{{Id(6)}}', 100, 'queued', 'ping', 'p', '[]');
            insert into jobs (rowid, id, created_at, status, command, payload) values (7, '{{Id(7)}}', 100, 'queued', 'ping', 7);
            insert into jobs (rowid, id, created_at, status, command, payload) values (8, '{{Id(8)}}', 100.75, 'queued', 'ping', x'70c3a9');
            insert into jobs (rowid, id, created_at, status, command, payload, requires) values (9, '{{Id(9)}}', 101, 'queued', 'ping', '', '');
            insert into jobs (rowid, id, created_at, status, command, payload) values (10, '{{Id(10)}}', 102, 'done', 'ping', cast(x'610062' as text));
            """);
        Execute(path, $"""
            insert into jobs (rowid, id, created_at, status, command, payload) values (11, cast('{Id(8)}' as blob), 103, 'queued', 'ping', 'p');
            insert into jobs (rowid, id, created_at, status, command, payload) values (12, '{Id(12)}', -9223372036854775808, 'queued', 'ping', 'p');
            """);
        using var database = Database.Open(path);
        var report = database.Takeover!;
        Assert.Equal(5, report.Jobs); // 7's number became the text '7' when SQLite stored it
        Assert.Equal([1, 2, 3, 4, 5, 11, 12], report.Quarantined.Select(q => (int)q.RowId).Order());
        Assert.All(report.Quarantined, q => Assert.Matches("^(its |the new table refuses it .*UNIQUE)", q.Reason));
        using var connection = database.Connect();
        Assert.Equal("yesterday", connection.Scalar<string>($"select created_at from seed_quarantine where id = '{Id(4)}'"));
        Assert.Equal([0xff, 0], connection.Scalar<byte[]>($"select payload from seed_quarantine where id = '{Id(5)}'"));
        Assert.Equal("its status is none of queued, running, done, failed",
            connection.Scalar<string>($"select reason from seed_quarantine where id = '{Id(1)}'"));
        Assert.Equal(100_750, connection.Scalar<long>($"select created_at from job where id = '{Id(8)}'"));
        Assert.Equal("pé", connection.Scalar<string>($"select payload from jobs where id = '{Id(8)}'"));
        Assert.Equal("a\0b"u8.ToArray(), connection.Scalar<byte[]>($"select p.payload from job j join job_payload p using (seq) where id = '{Id(10)}'"));
        Assert.Equal("ok", connection.Scalar<string>("pragma integrity_check"));
    }

    [Fact]
    public void BackupIsTheFileAsItWasAndNeverOverwritesAnOlderOne()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        File.WriteAllText(path + ".seed-backup", "an older backup");
        Make(path, 4, $"insert into jobs (id, created_at, status, command, payload) values ('{Id(1)}', 1, 'queued', 'ping', 'p')");
        using var database = Database.Open(path);
        Assert.Equal("an older backup", File.ReadAllText(path + ".seed-backup"));
        Assert.Equal(path + ".seed-backup.2", database.Takeover!.Backup);
        using var backup = new SqliteConnection($"Data Source={database.Takeover.Backup};Pooling=False");
        backup.Open();
        Assert.Equal("queued", backup.Scalar<string>("select status from jobs"));
        Assert.Equal(0, backup.Scalar<long>("pragma user_version"));
    }

    [Fact]
    public void PythonBrokerThatStillWritesStopsTheMigrationAndLosesNothing()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        Make(path, 4, $"insert into jobs (id, created_at, status, command, payload) values ('{Id(1)}', 1, 'queued', 'ping', 'p')");
        using (var python = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            python.Open();
            python.Execute("begin immediate");
            python.Execute($"insert into jobs (id, created_at, status, command, payload) values ('{Id(2)}', 2, 'queued', 'ping', 'p')");
            var refused = Assert.Throws<DatabaseException>(() => Database.Open(path));
            Assert.Contains("in use by another program", refused.Message, StringComparison.Ordinal);
            python.Execute("commit");
        }
        using var database = Database.Open(path);
        Assert.Equal(2, database.Takeover!.Jobs);
        using var late = new SqliteConnection($"Data Source={path};Pooling=False");
        late.Open();
        Assert.Throws<SqliteException>(() =>
            late.Execute($"insert into jobs (id, created_at, status, command, payload) values ('{Id(3)}', 3, 'queued', 'ping', 'p')"));
    }

    [Fact]
    public async Task WhatTodaysJobsWroteAndAskedIsServed()
    {
        await using var broker = await BrokerFixture.StartAsync(MakeTodays);
        Assert.Equal(4, broker.Query<long>("select count(*) from jobs"));
        using var chunks = await broker.BotAsync(HttpMethod.Get, $"jobs/{Id(3)}/chunks", null);
        Assert.Equal("""{"chunks":[{"id":1,"chunk_type":"thinking","content":"hm","metadata":null,"created_at":2}],"count":1}""",
            await chunks.Content.ReadAsStringAsync());
        using var calls = await broker.BotAsync(HttpMethod.Get, $"jobs/{Id(1)}/tool_calls", null);
        Assert.Equal("""{"tool_calls":[{"id":1,"tool_name":"grep","tool_args":null,"status":"pending","requested_at":4}],"count":1}""",
            await calls.Content.ReadAsStringAsync());
        Assert.Equal(0, broker.Query<long>("select count(*) from sqlite_schema where name like 'job_chunks' or name like 'job_tool_calls'"));
        Assert.Equal("queued", broker.Query<string>($"select status from recent where id = '{Id(1)}'"));
        Assert.Null(broker.Query<string>("select rowid from pragma_foreign_key_check"));
        var claim = (await broker.ClaimAsync("anna"))!;
        var sent = await broker.Client("anna").SendChunksAsync(claim.Id, claim.LeaseToken, [new Contracts.ChunkBody(1, "stdout", "more")]);
        Assert.Equal(2, sent.ChunkId); // behind theirs
    }

    [Fact]
    public async Task JobsArePrunedAsBefore()
    {
        await using var broker = await BrokerFixture.StartAsync(MakeTodays);
        using var python = MigrationTests.Open(broker.DatabasePath);
        Assert.Equal("only ended jobs can be deleted: cancel it first", Refusal(python, "delete from jobs"));
        Assert.Equal(4, broker.Query<long>("select count(*) from jobs"));
        Assert.Equal(1, broker.Query<long>("select count(*) from chunk"));
        python.Execute("pragma foreign_keys = off; delete from jobs where status in ('done','failed') and finished_at < 65");
        Assert.Equal((3, 0), (broker.Query<long>("select count(*) from jobs"), broker.Query<long>("select count(*) from chunk")));
        python.Execute("pragma foreign_keys = off; delete from jobs where status in ('done','failed') and finished_at < 100");
        Assert.Equal(2, broker.Query<long>("select count(*) from jobs"));
        await Assert.ThrowsAsync<Client.BrokerException>(() => broker.GetAsync(Id(4)));
        foreach (var payload in (string[])["first", "second"])
        {
            var job = (await broker.ClaimAsync("anna"))!;
            Assert.Equal(payload, job.Payload);
            using var finished = await broker.PostAsync($"jobs/{job.Id}/result", job.LeaseToken, "anna", new { result = "r" });
        }
        python.Execute("delete from jobs where status = 'done'");
        Assert.Equal(0, broker.Query<long>("select count(*) from job") + broker.Query<long>("select count(*) from job_payload")
            + broker.Query<long>("select count(*) from job_result"));
        Assert.Equal(0, broker.Query<long>("select sum(jobs) from job_count"));
        var next = await broker.CreateAsync();
        Assert.Equal(5, broker.Query<long>($"select seq from job where id = '{next}'"));
        Assert.True((await broker.Http.GetAsync("health")).IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""["a"]""")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("\"embed\"")]
    [InlineData("embed")]
    [InlineData("")]
    [InlineData("""{"caps": "abc"}""")]
    [InlineData("""{"caps": []}""")]
    public async Task RequiresThatIsNoListOfNamesIsNoRequirement(string requires)
    {
        await using var broker = await BrokerFixture.StartAsync(path =>
            Make(path, 5, $"insert into jobs (id, created_at, status, command, payload, requires) values ('{Id(1)}', 1, 'queued', 'ping', 'p', '{requires}')"));
        var job = await MigrationTests.ReadAsync(broker, $"jobs/{Id(1)}");
        Assert.Equal((requires, 0), ((string?)job["requires"], job["caps"]!.AsArray().Count));
        Assert.Equal("p", (string?)(await MigrationTests.ClaimAsync(broker))!["payload"]);
        Assert.Equal(requires, broker.Query<string>("select requires from jobs"));
        Assert.Equal(0, broker.Query<long>("select count(*) from sqlite_schema where name = 'seed_quarantine'"));
    }

    [Fact]
    public void TableWithColumnsAndTriggersOfItsOwnStaysBesideOurs()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        Make(path, 5, $"""
            alter table jobs add column notes text;
            create trigger noted after update on jobs begin update jobs set notes = 'seen' where id = new.id; end;
            insert into jobs (id, created_at, status, command, payload, notes) values ('{Id(1)}', 1, 'queued', 'ping', 'p', 'mine');
            """);
        using var database = Database.Open(path);
        Assert.Equal(["seed_jobs"], database.Takeover!.Kept);
        using var connection = database.Connect();
        Assert.Equal("mine", connection.Scalar<string>("select notes from seed_jobs join jobs using (id)"));
    }

    [Fact]
    public void TableUnderANameOfOursIsSaidAndNothingChanged()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        Make(path, 5, "create table meta (a)");
        Assert.Contains("alter table NAME rename", Assert.Throws<DatabaseException>(() => Database.Open(path)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path + ".seed-backup"));
        Execute(path, "alter table meta rename to my_meta");
        using var database = Database.Open(path);
        Assert.Equal(["my_meta"], database.Takeover!.Kept);
    }

    [Fact]
    public void KilledBetweenAnyTwoStatementsItIsWholeAndTakenOverNextTime()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        MakeTodays(path);
        var kills = Kills.Before(folder, path, connection => PythonTakeover.Run(connection, path));
        Assert.True(kills.Count > 5, $"only {kills.Count} states were seen");
        var ids = new HashSet<string>();
        foreach (var kill in kills)
        {
            using (var file = MigrationTests.Open(kill))
            {
                Assert.Equal(4, file.Scalar<long>("select count(*) from jobs"));
                Assert.Equal(file.Scalar<long>("pragma user_version") == 0 ? "table" : "view",
                    file.Scalar<string>("select type from sqlite_schema where name = 'jobs'"));
            }
            using var database = Database.Open(kill);
            using var connection = database.Connect();
            Assert.Equal((4, 1, 1), (connection.Scalar<long>("select count(*) from job"), connection.Scalar<long>("select count(*) from chunk"),
                connection.Scalar<long>("select count(*) from tool_call")));
            Assert.True(ids.Add(connection.Scalar<string>("select file_id from meta")!));
        }
    }

    [Fact]
    public void AnotherProgramsDatabaseIsRefused()
    {
        using var folder = new TempFolder();
        var path = folder.File("broker.db");
        using (var other = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            other.Open();
            other.Execute("create table jobs (name text)");
        }
        Assert.Contains("belongs to another program", Assert.Throws<DatabaseException>(() => Database.Open(path)).Message, StringComparison.Ordinal);
    }

    private static string Refusal(SqliteConnection connection, string sql) =>
        Assert.Throws<SqliteException>(() => connection.Execute(sql)).Message.Split('\'')[1];

    /// <summary>A file of today's Python broker, with a chunk whose job was pruned, and somebody's own index, view and trigger.</summary>
    private static void MakeTodays(string path)
    {
        const string Reference = "FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE";
        Make(path, 5, $"""
            create table job_chunks (
                id integer primary key autoincrement, job_id text not null, chunk_type text not null, content text, metadata text,
                created_at integer not null, {Reference});
            create table job_tool_calls (
                id integer primary key autoincrement, job_id text not null, tool_name text not null, tool_args text,
                status text not null default 'pending', result text,
                requested_at integer not null, completed_at integer, {Reference});
            create index idx_chunks_job on job_chunks (job_id, id);
            create view recent as select * from jobs where created_at > 0;
            create trigger chunk_count after insert on job_chunks begin select count(*) from recent; end;
            insert into jobs (id, created_at, status, command, payload) values ('{Id(1)}', 100, 'queued', 'ping', 'first');
            insert into jobs (id, created_at, status, command, payload) values ('{Id(2)}', 200, 'queued', 'ping', 'second');
            insert into jobs (id, created_at, status, command, payload, result, finished_at) values ('{Id(3)}', 50, 'done', 'ping', 'p', 'pong: p', 60);
            insert into jobs (id, created_at, status, command, payload, error, finished_at) values ('{Id(4)}', 60, 'failed', 'ping', 'p', 'boom', 70);
            insert into job_chunks (job_id, chunk_type, content, created_at)
                values ('{Id(3)}', 'thinking', 'hm', 2), ('{Id(9)}', 'final', 'of a pruned job', 3);
            insert into job_tool_calls (job_id, tool_name, requested_at) values ('{Id(1)}', 'grep', 4);
            """);
    }

    private static void Execute(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        connection.Execute(sql);
    }

    private static void Make(string path, int laterColumns, string rows)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        connection.Execute($"pragma foreign_keys = off; create table jobs ({Oldest}); create index idx_jobs_status_created on jobs (status, created_at)");
        foreach (var column in Later.Take(laterColumns)) connection.Execute($"alter table jobs add column {column}");
        connection.Execute(rows);
    }
}
