using System.Globalization;
using System.Net;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Keeping;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Looks at all that a broker stands on, and says of each whether it is as it should be and how to mend it.</summary>
/// <param name="envFile">The file of variables; null where there is none.</param>
internal sealed class Doctor(BrokerOptions options, string? envFile, DateTimeOffset now)
{
    private const long LittleSpace = 1L << 30;
    private const long HardlySpace = 64L << 20;
    private const int OldTokenDays = 365;
    private const int EndingTokenDays = 14;
    private const int OldBackupHours = 48;
    private static readonly TimeSpan LateWebhook = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan OldWebhook = TimeSpan.FromDays(7);
    private readonly List<Finding> findings = [];
    private string Path => options.DatabasePath;

    /// <summary>Prints a line for each thing.</summary>
    /// <returns>0, or 1 where something fails.</returns>
    public async Task<int> RunAsync()
    {
        LookAtConfiguration();
        LookAtAddress();
        LookAtDisk();
        if (File.Exists(Path)) LookAtDatabase();
        else Fail("database", $"there is no {Path}", "start the broker, which makes it, or restore a backup: openclaw-broker --restore FILE");
        LookAtBackups();
        await LookAtBrokerAsync();
        foreach (var finding in findings) Console.Out.WriteLine(finding);
        return findings.Exists(static f => f.Level == "FAIL") ? ExitCodes.Failed : ExitCodes.Ok;
    }

    private void LookAtConfiguration()
    {
        foreach (var warning in options.Warnings()) Warn("configuration", warning, null);
        if (!findings.Exists(static f => f.About == "configuration")) Ok("configuration", "right");
    }

    private void LookAtAddress()
    {
        if (options.IsOnTailscale)
        {
            var addresses = OperatingSystem.IsLinux() ? TailscaleInterface.Addresses(options.TailscaleInterface) : [];
            if (addresses is [var address, ..]) Ok("address", $"the tailnet's, {address}, and loopback");
            else Fail("address", $"{options.TailscaleInterface} has no address of a tailnet", "bring the tailnet up: tailscale status, tailscale up");
        }
        else if (!IPAddress.TryParse(options.Host, out var address) || Tailnet.IsPrivate(address))
        {
            Ok("address", $"{options.Host}:{options.Port}");
        }
        else if (options.BindPublic)
        {
            Ok("address", $"{options.Host}:{options.Port}, which others reach, as BROKER_BIND_PUBLIC says");
        }
        else
        {
            Warn("address", $"{options.Host} is neither this machine alone nor a tailnet", "BROKER_HOST=tailscale; or a TLS proxy and BROKER_BIND_PUBLIC=1");
        }
    }

    private void LookAtDisk()
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        if (!Directory.Exists(folder))
        {
            Fail("folder", $"there is no {folder}", $"mkdir -p {folder}; chown openclaw-broker: {folder}");
            return;
        }
        if (!OperatingSystem.IsWindows())
        {
            foreach (var path in new[] { folder, Path, envFile }.OfType<string>().Where(System.IO.Path.Exists))
            {
                var open = File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
                if (open != UnixFileMode.None) Warn("permissions", $"others on this machine get at {path}", $"chmod go= {path}");
            }
            if (!findings.Exists(static f => f.About == "permissions")) Ok("permissions", "only the broker's user gets at its files");
        }
        var free = new DriveInfo(folder).AvailableFreeSpace;
        var text = Text($"{free >> 20} MiB free in {folder}");
        if (free < HardlySpace) Fail("space", text, "free some: new jobs are refused when it is full");
        else if (free < LittleSpace) Warn("space", text, "free some before the disk is full");
        else Ok("space", text);
    }

    private void LookAtDatabase()
    {
        try
        {
            var jobs = Backup.Prove(Path);
            Ok("database", Text($"{jobs}, {new FileInfo(Path).Length >> 10} KiB, every page checked"));
            using var connection = Backup.Open(Path, SqliteOpenMode.ReadOnly);
            if (connection.Scalar<long>("pragma user_version") != Migrations.Newest)
            {
                Warn("version", "the file is of another version; the next start brings it to this one, after a backup", null);
                return;
            }
            LookAtCounts(connection);
            LookAtClock(connection);
            LookAtTokens(connection);
            if (options.DeliverToken is not null) LookAtWebhooks(connection);
        }
        catch (DatabaseException e)
        {
            Fail("database", e.Message, null);
        }
        catch (SqliteException e)
        {
            Fail("database", DatabaseException.From(e, Path).Message, null);
        }
    }

    private void LookAtCounts(SqliteConnection connection)
    {
        const string Differ = """
            select count(*) from (select queue, state, count(*) as jobs from job group by queue, state) r
            full join (select queue, state, jobs from job_count where jobs <> 0) c on c.queue = r.queue and c.state = r.state
            where c.jobs is not r.jobs
            """;
        if (connection.Scalar<long>(Differ) == 0) Ok("counts", "agree with the table");
        else Warn("counts", "the kept counts differ from the table; only figures that people look at are wrong", "report it, with the broker's log");
    }

    private void LookAtClock(SqliteConnection connection)
    {
        var newest = DateTimeOffset.FromUnixTimeMilliseconds(connection.Scalar<long>("select last_accepted from meta"));
        if (newest > now.AddMinutes(1)) Fail("clock", Text($"it is {now:u}, but the newest job is of {newest:u}"), "set the clock: timedatectl");
        else Ok("clock", Text($"{now:u}"));
    }

    private void LookAtTokens(SqliteConnection connection)
    {
        using var sql = new Statements(connection);
        var tokens = sql["select name, created_at, expires_at from token order by name"].List(static row =>
            (Name: VisibleText.Of(row.Text(0)!), Made: row.Number(1)!.Value, Ends: row.Number(2)));
        foreach (var (name, made, ends) in tokens)
        {
            if (ends is { } end && end - now.ToUnixTimeMilliseconds() is var left && left < Days(EndingTokenDays))
            {
                Warn("tokens", left < 0 ? $"{name} has ended" : Text($"{name} ends in {left / Days(1)} days"),
                    $"clawctl token revoke {name}, then make it anew");
            }
            else if (now.ToUnixTimeMilliseconds() - made > Days(OldTokenDays))
            {
                Warn("tokens", $"{name} is more than a year old", $"make another, give it to who uses it, then: clawctl token revoke {name}");
            }
        }
        if (!findings.Exists(static f => f.About == "tokens")) Ok("tokens", Text($"{tokens.Count} beside those of the configuration"));
    }

    private void LookAtWebhooks(SqliteConnection connection)
    {
        using var sql = new Statements(connection);
        long Count(string text, TimeSpan age)
        {
            var statement = sql[text];
            statement.Set(1, (now - age).ToUnixTimeMilliseconds());
            return statement.First(static row => row.Number(0)!.Value);
        }
        var late = Count("select count(*) from job where queue = '_hooks' and state = 'queued' and created_at < ?1", LateWebhook);
        var lost = Count("select count(*) from job where queue = '_hooks' and state = 'failed' and finished_at > ?1", OldWebhook);
        if (late > 0) Warn("webhooks", Text($"{late} wait, and nobody delivers them"), "systemctl start openclaw-webhooks, or: openclaw-broker --deliver");
        if (lost > 0) Warn("webhooks", Text($"{lost} were not taken in the last week"), "clawctl dead --queue _hooks, then: clawctl retry JOB");
        if (late + lost == 0) Ok("webhooks", "none waits, none was lost in the last week");
    }

    private void LookAtBackups()
    {
        const string Mend = "systemctl enable --now openclaw-broker-backup.timer, or: openclaw-broker --backup";
        if (new Backups(options.BackupFolder).Newest()?.At is not { } newest) Warn("backup", $"there is none in {options.BackupFolder}", Mend);
        else if (now - newest > TimeSpan.FromHours(OldBackupHours)) Warn("backup", Text($"the newest is of {newest:u}"), Mend);
        else Ok("backup", Text($"the newest is of {newest:u}"));
    }

    private async Task LookAtBrokerAsync()
    {
        var (answer, isWell) = await HealthClient.GetAsync(options);
        if (isWell) Ok("broker", "answers, reads and writes");
        else Fail("broker", answer, null);
    }

    private static long Days(int days) => (long)TimeSpan.FromDays(days).TotalMilliseconds;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Ok(string about, string text) => findings.Add(new Finding("OK", about, text, null));

    private void Warn(string about, string text, string? mend) => findings.Add(new Finding("WARN", about, text, mend));

    private void Fail(string about, string text, string? mend) => findings.Add(new Finding("FAIL", about, text, mend));

    private sealed record Finding(string Level, string About, string Text, string? Mend)
    {
        public override string ToString() => $"{Level,-4}  {About,-13}  {Text}{(Mend is null ? "" : $". To mend it: {Mend}")}";
    }
}
