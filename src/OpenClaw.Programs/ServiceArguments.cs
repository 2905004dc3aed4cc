namespace OpenClaw.Programs;

/// <summary>The arguments of a service: <c>--env FILE</c>, or one that is answered at once.</summary>
/// <param name="EnvFile">A file of variables that the environment lacks, or null.</param>
/// <param name="ExitCode">The arguments are answered, and the program ends with this; null: go on.</param>
public sealed record ServiceArguments(string? EnvFile, int? ExitCode)
{
    /// <summary>Whether the configuration is to be read and nothing else to be done.</summary>
    public bool OnlyChecks { get; private init; }

    /// <summary>Says that the configuration is right, which was all that was asked.</summary>
    /// <returns>The exit code to end with.</returns>
    public static int ReportRight()
    {
        Console.Out.WriteLine("The configuration is right.");
        return ExitCodes.Ok;
    }

    /// <summary>Reads the arguments and answers <c>--version</c>, <c>--help</c> and what nobody knows.</summary>
    /// <param name="program">The program's name.</param>
    /// <param name="usage">What <c>--help</c> prints.</param>
    public static ServiceArguments Read(string[] args, string program, string usage)
    {
        switch (args)
        {
            case []:
                return new ServiceArguments(null, null);
            case ["--env", var file]:
                return new ServiceArguments(file, null);
            case ["--check-config", .. var rest] when rest is [] or ["--env", _]:
                return new ServiceArguments(rest is [_, var named] ? named : null, null) { OnlyChecks = true };
            case ["--version"]:
                Console.Out.WriteLine($"{program} {typeof(ServiceArguments).Assembly.GetName().Version!.ToString(3)}");
                return new ServiceArguments(null, ExitCodes.Ok);
            case ["--help" or "-h"]:
                Console.Out.WriteLine(usage);
                return new ServiceArguments(null, ExitCodes.Ok);
            default:
                Console.Error.WriteLine($"{program}: don't know what to do with '{string.Join(' ', args)}'. Run {program} --help.");
                return new ServiceArguments(null, ExitCodes.Usage);
        }
    }
}
