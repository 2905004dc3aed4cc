using System.Globalization;

namespace OpenClaw.Broker;

/// <summary>How many files this process may have open. A connection is one, too.</summary>
internal static class FileLimit
{
    /// <summary>With fewer the broker does not start.</summary>
    public const int Least = KeptForFiles + 32;

    private const int KeptForFiles = 352; // measured at rest: 265, with the dashboard 299, most of them assemblies
    private const int MostConnections = 10_000;
    private const string LimitLine = "Max open files";

    /// <summary>How many connections leave enough for the rest.</summary>
    public static int ForConnections() => Math.Clamp(Read() - KeptForFiles, 1, MostConnections);

    /// <summary>The limit of this process; one that the system does not tell counts as a million.</summary>
    public static int Read()
    {
        const int Unknown = 1_000_000;
        if (!File.Exists("/proc/self/limits")) return Unknown;
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(static l => l.StartsWith(LimitLine, StringComparison.Ordinal));
        var soft = line?[LimitLine.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var first, ..] ? first : "";
        return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? Math.Min(limit, Unknown) : Unknown;
    }
}
