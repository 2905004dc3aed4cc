using System.Globalization;
using OpenClaw.Broker.Keeping;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>What the program does instead of serving: something with the broker's file or configuration that ends at once.</summary>
internal sealed class MaintenanceTask(string name, string? file)
{
    private static readonly string[] WithoutFile = ["--check-config", "--health", "--ping", "--doctor", "--compact"];
    private static readonly string[] WithFile = ["--restore", "--to-python"];
    private static readonly string[] PerhapsWithFile = ["--backup", "--drill"];

    /// <summary>Takes the task, and its file, from the front of the arguments; null where there is none.</summary>
    public static MaintenanceTask? Read(ref string[] args)
    {
        if (args is not [var first, ..]) return null;
        var file = args.Length > 1 && !args[1].StartsWith("--", StringComparison.Ordinal) ? args[1] : null;
        var isTask = WithoutFile.Contains(first) || PerhapsWithFile.Contains(first) || file is not null && WithFile.Contains(first);
        if (!isTask) return null;
        if (WithoutFile.Contains(first)) file = null;
        args = args[(file is null ? 1 : 2)..];
        return new MaintenanceTask(first, file);
    }

    /// <returns>The exit code.</returns>
    /// <exception cref="StartException">It could not be done.</exception>
    public async Task<int> RunAsync(BrokerOptions options, string? envFile)
    {
        var database = options.DatabasePath;
        var now = TimeProvider.System.GetUtcNow();
        switch (name)
        {
            case "--check-config":
                foreach (var warning in options.Warnings()) Console.Out.WriteLine($"warning: {warning}.");
                return ServiceArguments.ReportRight();
            case "--health":
                return await HealthClient.AskAsync(options);
            case "--ping":
                return await PingClient.RunAsync(options);
            case "--doctor":
                return await new Doctor(options, envFile, now).RunAsync();
            case "--compact":
                var (before, after) = Compaction.Run(database);
                Say($"{database} had {before} bytes and has {after}.");
                return ExitCodes.Ok;
            case "--restore":
                var restored = Restoration.Run(database, file!, now.ToUnixTimeMilliseconds());
                Say($"Restored {file} to {database}: {restored.Jobs}.");
                if (restored.Jobs.Running > 0) Say($"What ran when it was made waits again ({restored.Jobs.Running}).");
                if (restored.Tokens > 0) Say($"Tokens that were revoked since it was made are good again; look through them: clawctl token list");
                if (restored.Kept is { } kept) Say($"What was there is kept as {kept}. When all is well: rm {kept}*");
                return ExitCodes.Ok;
            case "--to-python":
                Existing(database);
                Say($"Wrote {file}: {PythonExport.Run(database, Path.GetFullPath(file!))}. Give it to the Python broker as its BROKER_DB.");
                return ExitCodes.Ok;
            case "--drill":
                var drilled = file ?? new Backups(options.BackupFolder).Newest()?.Path ?? throw new DatabaseException(
                    $"There is no backup in {options.BackupFolder}. Make one (clawctl backup), or name one that is elsewhere.");
                var drill = Drill.Run(database, drilled, now.ToUnixTimeMilliseconds());
                Say($"Restored {drilled}, made {Ago(now - Backups.MadeAt(drilled))}, into a folder of its own: every page and index is whole, and it opens.");
                Say($"All its jobs are there, {drill.Jobs}: {drill.States}.");
                return ExitCodes.Ok;
            case "--backup":
                Existing(database);
                if (file is not null)
                {
                    Say($"Wrote {file}: {Copy(database, Path.GetFullPath(file))}, every page checked.");
                    return ExitCodes.Ok;
                }
                var backup = new Backups(options.BackupFolder).Make(database, now);
                Say($"Wrote {backup.Path}: {backup.Jobs}, every page checked. Older ones dropped: {backup.Dropped}.");
                return ExitCodes.Ok;
            default:
                throw new InvalidOperationException(name);
        }
    }

    private static JobNumbers Copy(string database, string target) => File.Exists(target)
        ? throw new DatabaseException($"{target} is there already. Name a file that is not.")
        : Backup.Copy(database, target);

    private static void Existing(string database)
    {
        if (!File.Exists(database)) throw new DatabaseException($"There is no database {database}. Set BROKER_DB to the broker's file, or name its env "
            + "file: --env FILE.");
    }

    private static FormattableString Ago(TimeSpan age) => age switch
    {
        { TotalMinutes: < 2 } => $"just now",
        { TotalHours: < 2 } => $"{(long)age.TotalMinutes} minutes ago",
        { TotalDays: < 2 } => $"{(long)age.TotalHours} hours ago",
        _ => $"{(long)age.TotalDays} days ago",
    };

    private static void Say(FormattableString line) => Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
