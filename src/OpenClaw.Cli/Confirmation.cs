using System.CommandLine;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>Asks a person before something that can't be taken back; where nobody can answer it counts as said.</summary>
internal static class Confirmation
{
    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Don't ask" };

    /// <summary>Whether there is somebody to ask, and he has not answered already.</summary>
    public static bool Asks(Invocation invocation) => !invocation.Parsed.GetValue(Yes) && !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Whether it may be done.</summary>
    public static bool Ask(string question, Invocation invocation)
    {
        if (!Asks(invocation)) return true;
        Console.Error.Write($"{VisibleText.Of(question)} [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
