using System.CommandLine;
using System.Globalization;
using OpenClaw.Cli.Jobs;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Access;

/// <summary><c>token create</c>, <c>token list</c>, <c>token revoke</c>: who may do what.</summary>
internal static class TokenCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The token's name, such as phone or agent-1" };
    private static readonly Option<string> Role = new("--role")
    {
        Description = "bot, agent, reader, approver, worker or admin",
        HelpName = "ROLE",
        Required = true,
    };
    private static readonly Option<string?> Person = new("--person") { Description = "Whom it stands for, such as anna or discord:123", HelpName = "NAME" };
    private static readonly Option<bool> ActsFor = new("--acts-for") { Description = "It may say for whom it speaks; that person's rights then hold" };
    private static readonly Option<string?> Commands = new("--commands")
    {
        Description = "Only these, with commas; * stands for anything",
        HelpName = "PATTERNS",
    };
    private static readonly Option<int?> PerMinute = new("--per-minute") { Description = "At most so many jobs a minute", HelpName = "N" };
    private static readonly Option<int?> MaxQueued = new("--max-queued") { Description = "At most so many unfinished jobs", HelpName = "N" };
    private static readonly Option<string?> WorkerPattern = new("--worker")
    {
        Description = "A worker's: only for worker ids of this pattern",
        HelpName = "PATTERN",
    };
    private static readonly Option<string?> Queues = new("--queues") { Description = "A worker's: only these queues, with commas", HelpName = "NAMES" };
    private static readonly Option<string?> Caps = new("--caps") { Description = "A worker's: only these capabilities, with commas", HelpName = "NAMES" };
    private static readonly Option<int?> Days = new("--days") { Description = "Expires after so many days", HelpName = "N" };

    public static Command Create() => new("token", "Make, list and revoke tokens")
    {
        Invocation.Of(new Command("create", "Make a token; it is printed once")
        {
            Name, Role, Person, ActsFor, Commands, PerMinute, MaxQueued, WorkerPattern, Queues, Caps, Days,
        }, CreateAsync),
        Invocation.Of(new Command("list", "List the tokens, without their secrets"), ListAsync),
        Invocation.Of(new Command("revoke", "Take a token away; it opens nothing from then on") { Name }, RevokeAsync),
    };

    /// <summary>The names in a comma list; null where there is none.</summary>
    public static List<string>? Names(string? list) => list is null ? null
        : [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static async Task<int> CreateAsync(Invocation invocation)
    {
        var parsed = invocation.Parsed;
        var token = await invocation.ConnectAsAdmin().Broker.CreateTokenAsync(new NewToken(parsed.GetValue(Name)!, parsed.GetValue(Role)!)
        {
            Person = parsed.GetValue(Person),
            ActsFor = parsed.GetValue(ActsFor),
            Commands = Names(parsed.GetValue(Commands)),
            PerMinute = parsed.GetValue(PerMinute),
            MaxQueued = parsed.GetValue(MaxQueued),
            WorkerPattern = parsed.GetValue(WorkerPattern),
            Queues = Names(parsed.GetValue(Queues)),
            Caps = Names(parsed.GetValue(Caps)),
            ExpiresAt = parsed.GetValue(Days) is { } days ? TimeProvider.System.GetUtcNow().AddDays(days).ToUnixTimeSeconds() : null,
        }, invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(token, WireJson.Default.TokenView) : token.Token);
        invocation.Messages.Say($"This is the only time that it is shown. `clawctl token revoke {token.Name}` takes it away.");
        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(Invocation invocation)
    {
        var page = await invocation.ConnectAsAdmin().Broker.ListTokensAsync(invocation.Stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.TokenPage));
            return ExitCodes.Ok;
        }
        foreach (var token in page.Tokens) Console.Out.WriteLine(Line(token));
        return ExitCodes.Ok;
    }

    private static async Task<int> RevokeAsync(Invocation invocation)
    {
        var name = invocation.Parsed.GetValue(Name)!;
        var answer = await invocation.ConnectAsAdmin().Broker.RevokeTokenAsync(name, invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.RevokedToken) : "revoked");
        return ExitCodes.Ok;
    }

    private static string Line(TokenView token)
    {
        string?[] facts =
        [
            token.Configured ? "from the configuration" : $"made {JobText.Time(token.CreatedAt)} by {token.CreatedBy}",
            token.UsedAt is null ? "never used" : $"used {JobText.Time(token.UsedAt)}",
            token.ExpiresAt is null ? null : $"expires {JobText.Time(token.ExpiresAt)}",
            token.Person is null ? null : $"stands for {token.Person}",
            token.ActsFor ? "acts for others" : null,
            List("commands", token.Commands),
            token.PerMinute is { } perMinute ? string.Create(CultureInfo.InvariantCulture, $"{perMinute} a minute") : null,
            token.MaxQueued is { } most ? string.Create(CultureInfo.InvariantCulture, $"{most} unfinished") : null,
            token.WorkerPattern is null ? null : $"worker {token.WorkerPattern}",
            List("queues", token.Queues),
            List("caps", token.Caps),
        ];
        return VisibleText.Of($"{token.Name,-16}  {token.Role ?? "?",-8}  {string.Join("; ", facts.Where(static f => f is not null))}");

        static string? List(string name, IReadOnlyList<string>? values) => values is null ? null : $"{name} {string.Join(", ", values)}";
    }
}
