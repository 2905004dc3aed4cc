using OpenClaw.Programs;

namespace OpenClaw.Cli.Dev;

/// <summary>Where our other programs are.</summary>
internal static class ProgramFiles
{
    /// <summary>How to start a program: in a source tree the one its project built, else the one beside this one.</summary>
    /// <exception cref="SettingsException">There is none.</exception>
    public static IReadOnlyList<string> Find(string project, string assembly)
    {
        var here = AppContext.BaseDirectory;
        // src/OpenClaw.Cli/bin/Debug/net10.0/
        var framework = new DirectoryInfo(here);
        var configuration = framework.Parent;
        if (configuration?.Parent?.Parent?.Parent is { } sources)
        {
            var built = Path.Combine(sources.FullName, project, "bin", configuration.Name, framework.Name, assembly + ".dll");
            if (File.Exists(built)) return [DotnetHost(), built];
        }
        var beside = Path.Combine(here, assembly);
        if (File.Exists(beside)) return [beside];
        throw new SettingsException([$"{assembly} is not where it should be, beside clawctl in {here}. Put it there, or in a source tree run `dotnet build`."]);
    }

    private static string DotnetHost()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host) return host;
        return Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
    }
}
