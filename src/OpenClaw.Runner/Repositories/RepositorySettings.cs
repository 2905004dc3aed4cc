using OpenClaw.Programs;
using OpenClaw.Runner.Commands;

namespace OpenClaw.Runner.Repositories;

/// <summary>What the repository commands may show, and how much of it.</summary>
internal sealed record RepositorySettings
{
    private const string DefaultBase = "/home/user/src", DefaultList = "/etc/openclaw/repos.json", ListInStateFolder = "repos.json";

    /// <summary>The file that names the repositories. It is read again for each job.</summary>
    public required string ListFile { get; init; }

    /// <summary>The folder that all of them lie in.</summary>
    public required string Base { get; init; }

    /// <summary>Of one run of git or rg.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Of what git or rg writes.</summary>
    public int OutputBytes { get; init; } = 20_000;

    /// <summary>Of a file that is read.</summary>
    public int FileBytes { get; init; } = 200_000;

    /// <summary>Of one answer from a file.</summary>
    public int Lines { get; init; } = 400;

    /// <summary>Whether what looks like a secret is left out of answers.</summary>
    public bool Redacts { get; init; } = true;

    /// <summary>The path of git.</summary>
    public required string Git { get; init; }

    /// <summary>The path of rg; null where there is none.</summary>
    public string? Ripgrep { get; init; }

    /// <summary>Null where no file names repositories: then the commands are not served. All that is wrong is noted.</summary>
    public static RepositorySettings? Read(Settings settings, string stateFolder)
    {
        var named = settings.Text(RunnerVariables.RepoAllowlist);
        string[] places = [named ?? DefaultList, Path.Combine(stateFolder, ListInStateFolder)];
        var list = places.FirstOrDefault(File.Exists);
        if (list is null)
        {
            if (named is not null)
            {
                settings.Note($"{RunnerVariables.RepoAllowlist} names {named}, which is not there. "
                    + $"Write a JSON object of names and folders into it, or leave {RunnerVariables.RepoAllowlist} out to serve no repositories.");
            }
            return null;
        }
        var git = OperatingSystem.IsLinux() ? Machine.Locate("git") : null;
        if (!OperatingSystem.IsLinux()) Refuse("shows repositories, which this runner does on Linux alone. Leave it out, or run the runner on Linux.");
        else if (git is null) Refuse($"{list} names repositories, but there is no git in PATH. Run apt install git, or take the file away.");
        var read = new RepositorySettings
        {
            ListFile = Path.GetFullPath(list),
            Base = Path.GetFullPath(settings.Text(RunnerVariables.ReposBase, DefaultBase)),
            TimeLimit = settings.Seconds(RunnerVariables.CmdTimeoutSeconds, 15, 0.1, 3600),
            OutputBytes = settings.WholeNumber(RunnerVariables.MaxOutputBytes, 20_000, 100, 4 << 20),
            FileBytes = settings.WholeNumber(RunnerVariables.MaxFileBytes, 200_000, 1, 16 << 20),
            Lines = settings.WholeNumber(RunnerVariables.MaxLines, 400, 1, 100_000),
            Redacts = Flag(settings),
            Git = git ?? "",
            Ripgrep = OperatingSystem.IsLinux() ? Machine.Locate("rg") : null,
        };
        foreach (var problem in RepositoryList.Read(read).Problems) Refuse(problem);
        return read;

        void Refuse(string problem)
        {
            var text = $"{RunnerVariables.RepoAllowlist}: {problem}";
            settings.Note(text);
        }
    }

    private static bool Flag(Settings settings)
    {
        var text = settings.Text(RunnerVariables.RedactOutput, "1").ToLowerInvariant();
        if (text is not ("1" or "true" or "yes" or "0" or "false" or "no"))
        {
            settings.Note($"{RunnerVariables.RedactOutput} is '{text}'. It takes 1 or 0; without it 1 is used.");
        }
        return text is not ("0" or "false" or "no");
    }
}
