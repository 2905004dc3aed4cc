using System.CommandLine;

namespace OpenClaw.Cli;

/// <summary>Options of all commands.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json { get; } = new("--json") { Description = "Print the answer as JSON, one line", Recursive = true };

    public static Option<string?> Folder { get; } = new("--folder")
    {
        Description = $"The folder of `clawctl dev` [default: {DevFolder.DefaultPath}]",
        HelpName = "FOLDER",
        Recursive = true,
    };
}
