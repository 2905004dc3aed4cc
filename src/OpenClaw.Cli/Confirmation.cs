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
    /// <exception cref="OperationCanceledException">Ctrl-C was pressed; where that was what the question is about, the next one ends the program.</exception>
    public static async Task<bool> AskAsync(string question, Invocation invocation)
    {
        if (!Asks(invocation)) return true;
        Console.Error.Write($"{VisibleText.Of(question)} [y/N] ");
        var stop = invocation.Stop.IsCancellationRequested ? CancellationToken.None : invocation.Stop;
        try
        {
            return (await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(stop))?.Trim() is "y" or "Y" or "yes";
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine();
            throw;
        }
    }
}
