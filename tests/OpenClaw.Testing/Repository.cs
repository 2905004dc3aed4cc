using System.Reflection;

namespace OpenClaw.Testing;

/// <summary>Where the tests find the built programs and the repository's own files.</summary>
public static class Repository
{
    /// <summary>The repository's root folder.</summary>
    public static string Root { get; } = Path.GetFullPath(Metadata("RepositoryRoot").Replace('\\', '/'));

    /// <summary>The broker to start: compiled ahead where that can be done, so that each start takes less time.</summary>
    public static string Broker
    {
        get
        {
            var compiled = Path.Combine(Root, "tests", "OpenClaw.Testing", "bin", Metadata("Configuration"), "net10.0", "broker", "openclaw-broker.dll");
            return File.Exists(compiled) ? compiled : Program("OpenClaw.Broker", "openclaw-broker");
        }
    }

    /// <summary>A built program: <c>Program("OpenClaw.Runner", "openclaw-runner")</c>.</summary>
    public static string Program(string project, string assembly)
    {
        var path = Path.Combine(Root, "src", project, "bin", Metadata("Configuration"), "net10.0", assembly + ".dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{project} is not built: {path}");
    }

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
