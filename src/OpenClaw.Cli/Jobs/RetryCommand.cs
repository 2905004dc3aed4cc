using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>retry</c>: jobs that ended without a result are done again, named one by one or found by a filter.</summary>
internal static class RetryCommand
{
    /// <summary>No call does more.</summary>
    private const int Most = 1000;

    private static readonly Argument<string[]> Ids = new("ID")
    {
        Description = "The jobs' ids, or their beginnings or ends",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string?> Payload = new("--payload")
    {
        Description = "Make a changed copy of one job with this payload instead; - reads it from stdin",
        HelpName = "TEXT",
    };

    private static readonly Option<bool> Children = new("--children") { Description = "Also those that ended through it; they wait for it again" };
    private static readonly Option<bool> Dead = new("--dead") { Description = "Instead of ids: all that failed for good and that the other options find" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "With --dead: only list the ids of those that would be done again" };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "With --dead: at most so many",
        HelpName = "N",
        DefaultValueFactory = _ => Most,
    };


    public static Command Create()
    {
        var retry = new Command("retry", "Do failed or cancelled jobs again") { Ids, Payload, Children, Dead, DryRun, Limit };
        foreach (var option in FilterOptions.All) retry.Add(option);
        retry.Add(Confirmation.Yes);
        return Invocation.Of(retry, RunAsync);
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var parsed = invocation.Parsed;
        var names = parsed.GetValue(Ids)!;
        var (payload, isDead, withChildren) = (parsed.GetValue(Payload), parsed.GetValue(Dead), parsed.GetValue(Children));
        if (isDead && (names.Length > 0 || payload is not null || withChildren))
        {
            throw new CommandException("--dead finds the jobs by itself. Give it without ids, --payload and --children.", ExitCodes.Usage);
        }
        if (isDead) return await DeadAsync(invocation.Connect().Broker, invocation);
        if (names.Length == 0) throw new CommandException("no job is named. Name some by their ids, or use --dead for all that failed.", ExitCodes.Usage);
        if (FilterOptions.All.Append(DryRun).Append(Limit).FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } option)
        {
            throw new CommandException($"{option.Name} is for --dead. Use it without ids, or leave it out.", ExitCodes.Usage);
        }
        if (payload is not null && names.Length > 1) throw new CommandException("--payload is for one job. Name one alone.", ExitCodes.Usage);
        return await NamedAsync(names, payload, withChildren, invocation);
    }

    private static async Task<int> NamedAsync(string[] names, string? payload, bool withChildren, Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var ids = new List<string>();
        foreach (var name in names) ids.Add(await JobReference.ResolveAsync(name, broker, invocation.Messages, invocation.Stop));
        if (payload is not null) payload = await JobOptions.TextAsync(payload, invocation.Stop);
        var exitCode = ExitCodes.Ok;
        foreach (var id in ids.Distinct(StringComparer.Ordinal))
        {
            try
            {
                var answer = await broker.RetryAsync(id, payload, withChildren, invocation.Stop);
                if (!invocation.AsJson && answer.Id != id) invocation.Messages.Say("a changed copy:");
                Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.ChangedJob) : answer.Id);
            }
            catch (BrokerException e) when (ids.Count > 1 && e.Status is 404 or 409)
            {
                var code = invocation.Say(e, id); // the others are done again all the same
                if (exitCode == ExitCodes.Ok) exitCode = code;
            }
        }
        return exitCode;
    }

    private static async Task<int> DeadAsync(BrokerClient broker, Invocation invocation)
    {
        var (parsed, stop) = (invocation.Parsed, invocation.Stop);
        var (limit, isDry) = (parsed.GetValue(Limit), parsed.GetValue(DryRun));
        if (limit is < 1 or > Most) throw new CommandException($"--limit {limit}: it takes a whole number from 1 to {Most}.", ExitCodes.Usage);
        var filter = FilterOptions.Read(parsed) with { State = JobStates.Failed };
        if (!isDry && Confirmation.Asks(invocation))
        {
            var found = (await broker.RetryAsync(filter, limit, dryRun: true, stop)).Matched;
            if (found > 0 && !await Confirmation.AskAsync($"Do {found} failed jobs again?", invocation)) return ExitCodes.Failed;
        }
        var answer = await broker.RetryAsync(filter, limit, isDry, stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(answer, WireJson.Default.ChangedJobs));
            return ExitCodes.Ok;
        }
        foreach (var id in answer.Ids) Console.Out.WriteLine(VisibleText.Of(id));
        invocation.Messages.Say(isDry ? $"{answer.Matched} failed jobs would be done again; without --dry-run they are" : $"{answer.Changed} of "
            + $"{answer.Matched} failed jobs are done again");
        if (answer.Matched == limit) invocation.Messages.Say("There may be more: run it again.");
        return ExitCodes.Ok;
    }
}
