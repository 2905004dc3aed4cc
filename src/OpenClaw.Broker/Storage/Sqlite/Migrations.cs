using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>The file's versions: numbered scripts, each run once, together with its number, in the order of their names.</summary>
internal static class Migrations
{
    private const string Prefix = "OpenClaw.Broker.Storage.Sqlite.Migrations.";

    /// <summary>What this program writes.</summary>
    public static int Newest { get; } = Scripts().Max(static s => s.Version);

    /// <summary>Brings a file to <see cref="Newest"/>, from any version (0 is an empty file), within the caller's transaction.</summary>
    public static void Run(SqliteConnection connection, int from)
    {
        foreach (var (version, name) in Scripts().Where(s => s.Version > from)) connection.Execute(Read(name));
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"pragma user_version = {Newest}"));
    }

    private static IEnumerable<(int Version, string Name)> Scripts() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(static n => (int.Parse(n.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), n));

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
