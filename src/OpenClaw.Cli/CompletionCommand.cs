using System.CommandLine;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>
/// <c>completion</c>: a shell's script that asks this program itself, by <c>[suggest:…]</c>, what may come next; so no list of
/// commands has to be kept.
/// </summary>
internal static class CompletionCommand
{
    // The program names whatever holds the word, options also where none is begun; each script keeps what begins with the word.
    private const string Bash = """
        # clawctl's completion for bash. In ~/.bashrc: source <(clawctl completion bash)
        _clawctl() {
          local line="${COMP_LINE:0:COMP_POINT}" word="${COMP_WORDS[COMP_CWORD]}" found
          COMPREPLY=()
          while IFS= read -r found; do
            [[ $found == "$word"* && ( -n $word || $found != [-/]* ) ]] && COMPREPLY+=("$found")
          done < <(clawctl "[suggest:${#line}]" "$line" 2> /dev/null)
        }
        complete -o default -F _clawctl clawctl
        """;

    private const string Zsh = """
        #compdef clawctl
        # clawctl's completion for zsh. In ~/.zshrc, behind compinit: source <(clawctl completion zsh)
        _clawctl() {
          local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
          local -a found
          found=(${(f)"$(clawctl "[suggest:${#line}]" "$line" 2> /dev/null)"})
          [[ -n $PREFIX ]] || found=(${found:#[-/]*})
          (( $#found )) && compadd -- $found || _files
        }
        if [[ $funcstack[1] == _clawctl ]]; then _clawctl; else compdef _clawctl clawctl; fi
        """;

    private const string Fish = """
        # clawctl's completion for fish. In ~/.config/fish/config.fish: clawctl completion fish | source
        function __clawctl_complete
            set -l line (commandline --current-process --cut-at-cursor)
            set -l word (commandline --current-token --cut-at-cursor)
            set -l found (clawctl "[suggest:"(string length -- "$line")"]" "$line" 2> /dev/null)
            test -n "$word"; or set found (string match --invert --regex '^[-/]' -- $found)
            if set -q found[1]
                printf '%s\n' $found
            else
                __fish_complete_path "$word"
            end
        end
        complete --command clawctl --no-files --arguments '(__clawctl_complete)'
        """;

    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh or fish" };

    public static Command Create()
    {
        Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return Invocation.Of(new Command("completion", "Print a script by which a shell completes commands and options") { Shell }, RunAsync);
    }

    private static Task<int> RunAsync(Invocation invocation)
    {
        Console.Out.WriteLine(invocation.Parsed.GetValue(Shell) switch { "zsh" => Zsh, "fish" => Fish, _ => Bash });
        return Task.FromResult(ExitCodes.Ok);
    }
}
