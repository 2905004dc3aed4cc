using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>What became of a file of an earlier version.</summary>
/// <param name="Backup">The copy of the file as it was.</param>
internal sealed record UpgradeReport(int From, int To, string Backup);

/// <summary>
/// The file's versions: numbered scripts, each run once. A file has two numbers: the version that wrote it, in
/// <c>user_version</c>, and the lowest version of the program that may open it, in <c>meta.readable_from</c>.
/// </summary>
internal static class Migrations
{
    private const string Prefix = "OpenClaw.Broker.Storage.Sqlite.Migrations.";

    private static readonly string[] Scripts =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(static n =>
            n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>What this program writes.</summary>
    public static int Newest { get; } = VersionOf(Scripts[^1]);

    /// <summary>
    /// Lets tables be dropped and renamed without a word from those that refer to them. To be called before the transaction,
    /// within which foreign keys can't be switched.
    /// </summary>
    public static void Prepare(SqliteConnection connection) => connection.Execute("pragma foreign_keys = off; pragma legacy_alter_table = on");

    /// <summary>Makes the newest version's tables where there are none, within the caller's transaction.</summary>
    public static void Create(SqliteConnection connection)
    {
        for (var version = 1; version <= Newest; version++) Apply(connection, version);
    }

    /// <summary>Brings a file from an earlier version to <see cref="Newest"/>, behind a backup, each version in a transaction of its own.</summary>
    /// <exception cref="SqliteException">The file stays at the last version that was reached.</exception>
    public static UpgradeReport Upgrade(SqliteConnection connection, string path, int from)
    {
        Prepare(connection);
        var ending = string.Create(CultureInfo.InvariantCulture, $".v{from}-backup");
        var backup = Backup.Before(connection, path, ending, () => Apply(connection, from + 1));
        for (var version = from + 2; version <= Newest; version++)
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            Apply(connection, version);
            transaction.Commit();
        }
        return new UpgradeReport(from, Newest, backup);
    }

    /// <summary>The lowest version of the program that may open a file: lower than the file's own where later ones only added to it.</summary>
    public static long ReadableFrom(SqliteConnection connection) => connection.Scalar<long>("select readable_from from meta");

    private static void Apply(SqliteConnection connection, int version)
    {
        foreach (var script in Scripts.Where(s => VersionOf(s) == version)) connection.Execute(Read(script));
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"pragma user_version = {version}"));
    }

    private static int VersionOf(string script) => int.Parse(script.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture);

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
