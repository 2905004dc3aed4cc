using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>approvals</c>: what waits for a person's yes; <c>approve</c> and <c>deny</c>: says it, to exactly what was shown.</summary>
internal static class ApprovalsCommand
{
    private static readonly Option<string?> Digest = new("--digest")
    {
        Description = "Say it to what has this digest, without being asked again",
        HelpName = "DIGEST",
    };

    private static readonly Option<string?> Comment = new("--comment") { Description = "Kept with the decision", HelpName = "TEXT" };

    public static IEnumerable<Command> Create() =>
    [
        Invocation.Of(new Command("approvals", "List the jobs that wait for a person's yes"), ListAsync),
        Invocation.Of(new Command("approve", "Say yes to a job: shows what would run, and asks") { StatusCommand.Id, Digest, Comment },
            static i => DecideAsync(i, isYes: true)),
        Invocation.Of(new Command("deny", "Say no to a job: shows what would have run, and asks") { StatusCommand.Id, Digest, Comment },
            static i => DecideAsync(i, isYes: false)),
    ];

    private static async Task<int> ListAsync(Invocation invocation)
    {
        var held = await ReadAsync(invocation.ConnectAsAdmin().Broker, invocation.Stop);
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(new ApprovalPage(held), WireJson.Default.ApprovalPage));
        else foreach (var job in held) Console.Out.WriteLine(Describe(job));
        if (held.Count == 0) invocation.Messages.Say("nothing waits for a yes");
        return ExitCodes.Ok;
    }

    private static async Task<int> DecideAsync(Invocation invocation, bool isYes)
    {
        var (broker, parsed) = (invocation.ConnectAsAdmin().Broker, invocation.Parsed);
        var id = await JobReference.ResolveAsync(parsed.GetValue(StatusCommand.Id)!, broker, invocation.Messages, invocation.Stop);
        if (parsed.GetValue(Digest) is not { } digest)
        {
            var job = (await ReadAsync(broker, invocation.Stop)).FirstOrDefault(j => j.Id == id)
                ?? throw new CommandException($"nobody is asked about the job {id}. `clawctl approvals` lists those that wait.", ExitCodes.NotFound);
            if (Console.IsInputRedirected || Console.IsErrorRedirected)
            {
                throw new CommandException($"a yes or no is to exactly what was seen, and here nobody can be shown it. Give --digest {job.Digest}, "
                    + "from `clawctl approvals`.", ExitCodes.Usage);
            }
            Console.Error.WriteLine(Describe(job));
            if (!await Confirmation.AskAsync(isYes ? "Let exactly this run?" : "Refuse it?", invocation)) return ExitCodes.Failed;
            digest = job.Digest;
        }
        var decided = await broker.DecideAsync(id, isYes, digest, parsed.GetValue(Comment), invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(decided, WireJson.Default.DecidedJob) : isYes ? "approved" : "denied");
        return ExitCodes.Ok;
    }

    private static async Task<List<ApprovalView>> ReadAsync(BrokerClient broker, CancellationToken stop)
    {
        var held = new List<ApprovalView>();
        string? next = null;
        do
        {
            var page = await broker.ListApprovalsAsync(next, stop);
            held.AddRange(page.Approvals);
            next = page.Next;
        }
        while (next is not null);
        return held;
    }

    /// <summary>All that the yes is said to.</summary>
    private static string Describe(ApprovalView job)
    {
        (string Name, string? Value)[] facts =
        [
            ("id", job.Id), ("command", job.Command), ("payload", job.Payload), ("queue", job.Queue), ("requires", job.Requires), ("for", job.Requester),
            ("made by", job.MadeBy), ("schedule", job.Schedule), ("note", job.Note), ("asks", job.By is null ? null : string.Join(", ", job.By)),
            ("until", JobText.Time(job.Until)), ("runs", job.WorkerDefinition), ("digest", job.Digest),
        ];
        return string.Concat(facts.Where(static f => f.Value is not null).Select(static f => $"{f.Name,-10} {Indented(f.Value!)}\n"));
    }

    /// <summary>A line of the text that looks like the next fact stays within its own.</summary>
    private static string Indented(string text) => VisibleText.Of(text, lines: true).Replace("\n", "\n           ", StringComparison.Ordinal);
}
