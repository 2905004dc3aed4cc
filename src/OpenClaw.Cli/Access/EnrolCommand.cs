using System.CommandLine;
using OpenClaw.Cli.Jobs;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Access;

/// <summary><c>enrol</c>: one line that makes a machine a worker, with a token of its own.</summary>
internal static class EnrolCommand
{
    private static readonly Argument<string> Worker = new("WORKER") { Description = "What the machine is to be called, such as laptop" };
    private static readonly Option<string?> Queues = new("--queues") { Description = "Only these queues, with commas", HelpName = "NAMES" };
    private static readonly Option<string?> Caps = new("--caps") { Description = "What it can do, with commas, such as gpu", HelpName = "NAMES" };

    public static Command Create() =>
        Invocation.Of(new Command("enrol", "Print the line that enrols a machine as a worker") { Worker, Queues, Caps }, RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var (parsed, connection) = (invocation.Parsed, invocation.ConnectAsAdmin());
        var wanted = new NewEnrolment(parsed.GetValue(Worker)!, TokenCommand.Names(parsed.GetValue(Caps)), TokenCommand.Names(parsed.GetValue(Queues)));
        var offer = await connection.Broker.OfferEnrolmentAsync(wanted, invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(offer, WireJson.Default.EnrolmentOffer) : VisibleText.Of(offer.Line));
        invocation.Messages.Say($"Run this on {wanted.Worker} before {JobText.Time(offer.Until)}. It works once; it fetches the machine's token, writes its "
            + "files and starts the runner.");
        if (connection.Url.IsLoopback && offer.Line.Contains("//127.0.0.1", StringComparison.Ordinal))
        {
            invocation.Messages.Say("The broker listens on this machine alone: for another machine, "
                + $"set {Variables.BrokerHost} to the tailnet's address first.");
        }
        return ExitCodes.Ok;
    }
}
