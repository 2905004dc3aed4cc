using System.CommandLine;
using System.Globalization;
using OpenClaw.Cli.Jobs;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Access;

/// <summary><c>audit</c>: what people and tokens did; <c>audit verify</c>: that nobody has changed it since.</summary>
internal static class AuditCommand
{
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many", HelpName = "N", DefaultValueFactory = static _ => 50 };
    private static readonly Option<string?> Head = new("--head")
    {
        Description = "A head that verify printed earlier: nothing up to it may have changed",
        HelpName = "HASH",
    };

    public static Command Create()
    {
        var audit = Invocation.Of(new Command("audit", "Show what people and tokens did, newest first") { Limit }, ListAsync);
        audit.Subcommands.Add(Invocation.Of(new Command("verify", "Prove that nobody has changed the audit") { Head }, VerifyAsync));
        return audit;
    }

    private static async Task<int> ListAsync(Invocation invocation)
    {
        var broker = invocation.ConnectAsAdmin().Broker;
        var (left, cursor) = (invocation.Parsed.GetValue(Limit), (string?)null);
        do
        {
            var page = await broker.ListAuditAsync(cursor, invocation.Stop);
            foreach (var entry in page.Audit.SelectMany(static l => l.Entries.Reverse()).Take(left))
            {
                Console.Out.WriteLine(invocation.AsJson ? JobText.Json(entry, WireJson.Default.AuditEntryView) : Line(entry));
                left--;
            }
            cursor = page.Next;
        }
        while (cursor is not null && left > 0);
        return ExitCodes.Ok;
    }

    private static async Task<int> VerifyAsync(Invocation invocation)
    {
        var proof = await invocation.ConnectAsAdmin().Broker.VerifyAuditAsync(invocation.Parsed.GetValue(Head), invocation.Stop);
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(proof, WireJson.Default.AuditProof));
        else if (proof.Ok) Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"whole: {proof.Links} links, head {proof.Head}"));
        if (proof.Ok) return ExitCodes.Ok;
        invocation.Messages.Say($"clawctl: the audit is not whole: {VisibleText.Of(proof.Broken ?? "?")}. "
            + "Somebody wrote to the database: compare it with a backup.");
        return ExitCodes.Failed;
    }

    private static string Line(AuditEntryView entry) =>
        VisibleText.Of($"{JobText.Time(entry.At)}  {entry.Actor,-16}  {entry.Action,-16}  {entry.Target}{(entry.Detail is null ? "" : $"  ({entry.Detail})")}");
}
