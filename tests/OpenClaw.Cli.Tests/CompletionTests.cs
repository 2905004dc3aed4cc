using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>A real bash with the script in it is asked as its Tab key asks.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task BashCompletesCommandsOptionsAndWords()
    {
        File.WriteAllText(folder.File("clawctl"), $"#!/usr/bin/env bash\nexec dotnet {Clawctl.Program} \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.File("clawctl"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var bash = ProgramProcess.Start("bash", new Dictionary<string, string>
        {
            ["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}",
        }, "-c", """
            source <(clawctl completion bash)
            tab() {
              COMP_LINE=$1 COMP_POINT=${#1}
              read -ra COMP_WORDS <<< "$1"
              [[ $1 != *' ' ]] || COMP_WORDS+=('')
              COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
              $(complete -p clawctl | sed 's/.* -F \([^ ]*\) .*/\1/')
              echo "$1|${COMPREPLY[*]}|"
            }
            tab 'clawctl que'
            tab 'clawctl queues '
            tab 'clawctl schedules pre'
            tab 'clawctl jobs --wor'
            tab 'clawctl jobs --state fa'
            tab 'clawctl completion '
            tab 'clawctl nothing-such'
            """);
        Assert.Equal(ExitCodes.Ok, await bash.WaitForExitAsync());
        Assert.Equal(
            """
            clawctl que|queues|
            clawctl queues |drain limit pause resume|
            clawctl schedules pre|preview|
            clawctl jobs --wor|--worker|
            clawctl jobs --state fa|failed|
            clawctl completion |bash fish zsh|
            clawctl nothing-such||
            """, bash.Output);
    }

    [Fact]
    public async Task NoOtherShellHasAScript()
    {
        var run = await Clawctl.RunAsync(new Dictionary<string, string>(), "completion", "tcsh");
        Assert.Equal((ExitCodes.Usage, ""), (run.ExitCode, run.Out));
    }
}
