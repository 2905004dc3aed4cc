using System.Globalization;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Keeping;

/// <summary>The folder of backups: one for each of the last seven days that had one, and of the last four weeks.</summary>
internal sealed class Backups(string folder)
{
    private const int Days = 7;
    private const int Weeks = 4;
    private const string Prefix = "broker-";
    private const string Ending = ".db";
    private const string Stamp = "yyyy-MM-dd'T'HHmmss'Z'";

    /// <summary>The newest, and when it was made; null where there is none, or where the folder can't be read.</summary>
    public (DateTimeOffset At, string Path)? Newest()
    {
        try
        {
            return All().OrderBy(static b => b.At).Select(static b => ((DateTimeOffset, string)?)b).LastOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>When a backup was made: as its name says, or where it has another name, the file.</summary>
    public static DateTimeOffset MadeAt(string path) => Time(path) ?? new DateTimeOffset(File.GetLastWriteTimeUtc(path));

    /// <summary>Makes one, proves it, and drops those that are no longer kept.</summary>
    /// <exception cref="DatabaseException">It could not be made; the earlier ones are all there.</exception>
    public (string Path, JobNumbers Jobs, int Dropped) Make(string database, DateTimeOffset now)
    {
        PrivateFiles.CreateFolder(folder);
        FileOwner.Take(folder, from: database);
        var path = Path.Combine(folder, Prefix + now.UtcDateTime.ToString(Stamp, CultureInfo.InvariantCulture) + Ending);
        if (File.Exists(path)) throw new DatabaseException($"{path} is there already. Try again in a second.", null, ExitCodes.Temporary);
        var jobs = Backup.Copy(database, path);
        string[] old = [.. Superfluous(All()).Select(static b => b.Path)];
        foreach (var file in old) File.Delete(file);
        return (path, jobs, old.Length);
    }

    /// <summary>What is neither the newest of one of the last days nor of one of the last weeks.</summary>
    public static IEnumerable<(DateTimeOffset At, string Path)> Superfluous(IEnumerable<(DateTimeOffset At, string Path)> all)
    {
        var newestFirst = all.OrderByDescending(static b => b.At).ToList();
        var kept = newestFirst.DistinctBy(static b => b.At.UtcDateTime.Date).Take(Days)
            .Concat(newestFirst.DistinctBy(static b => (ISOWeek.GetYear(b.At.UtcDateTime), ISOWeek.GetWeekOfYear(b.At.UtcDateTime))).Take(Weeks)).ToHashSet();
        return newestFirst.Where(b => !kept.Contains(b));
    }

    private IEnumerable<(DateTimeOffset At, string Path)> All()
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*" + Ending))
        {
            if (Time(path) is { } at) yield return (at, path);
        }
    }

    /// <summary>When a backup was made, as its name says; null where it has another name.</summary>
    private static DateTimeOffset? Time(string path)
    {
        var name = Path.GetFileName(path);
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(Ending, StringComparison.Ordinal)) return null;
        var stamp = name.AsSpan()[Prefix.Length..^Ending.Length];
        return DateTimeOffset.TryParseExact(stamp, Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
    }
}
