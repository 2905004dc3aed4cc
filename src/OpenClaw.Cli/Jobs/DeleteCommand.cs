using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>delete</c>: ended jobs go, with all that they held.</summary>
internal static class DeleteCommand
{
    private static readonly Argument<string[]> Ids = new("ID")
    {
        Description = "The jobs' ids, or their beginnings or ends",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create() => Invocation.Of(
        new Command("delete", "Delete ended jobs with payload, result and error, for good") { Ids, Confirmation.Yes }, RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var ids = new List<string>();
        foreach (var name in invocation.Parsed.GetValue(Ids)!) ids.Add(await JobReference.ResolveAsync(name, broker, invocation.Messages, invocation.Stop));
        if (!await Confirmation.AskAsync($"Delete {string.Join(", ", ids)} for good?", invocation)) return ExitCodes.Failed;
        var exitCode = ExitCodes.Ok;
        foreach (var id in ids.Distinct(StringComparer.Ordinal))
        {
            try
            {
                var answer = await broker.DeleteAsync(id, invocation.Stop);
                Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.DeletedJob) : $"deleted {id}");
            }
            catch (BrokerException e) when (e.Status is 404 or 409)
            {
                var code = invocation.Say(e, id); // the others are deleted all the same
                if (exitCode == ExitCodes.Ok) exitCode = code;
            }
        }
        return exitCode;
    }
}
