using System.CommandLine;
using System.Globalization;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>queues</c>: lists them; and limits, pauses, drains and resumes one, or drains all.</summary>
internal static class QueuesCommand
{
    private static readonly Argument<string> Name = new("QUEUE") { Description = "The queue's name" };
    private static readonly Argument<string?> NameOrAll = new("QUEUE")
    {
        Description = "The queue's name; without one, the whole broker",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; shown to all who look", HelpName = "TEXT" };
    private static readonly Option<string?> For = new("--for") { Description = "End it by itself after so long, such as 30m or 2h", HelpName = "TIME" };

    public static Command Create()
    {
        var queues = Invocation.Of(new Command("queues", "List queues; limit, pause, drain and resume them"), ListAsync);
        queues.Add(Invocation.Of(new Command("pause", "Let nobody claim from a queue") { Name, Reason, For }, i => PauseAsync(i, i.Parsed.GetValue(Name))));
        queues.Add(Invocation.Of(new Command("drain", "Let what runs come to its end; nothing new is claimed") { NameOrAll, Reason, For },
            i => PauseAsync(i, i.Parsed.GetValue(NameOrAll), drain: true)));
        queues.Add(QueueLimitCommand.Create(Name));
        queues.Add(Invocation.Of(new Command("resume", "Let workers claim again") { NameOrAll }, ResumeAsync));
        return queues;
    }

    private static async Task<int> ListAsync(Invocation invocation)
    {
        var page = await invocation.Connect().Broker.ListQueuesAsync(invocation.Stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.QueuePage));
            return ExitCodes.Ok;
        }
        Table.Print(["queue", ">ready", ">scheduled", ">held", ">running", ">oldest", "limits", "paused"], page.Queues.Select(Row));
        if (page.Drain is { } drain) invocation.Messages.Say($"the whole broker is {Text(drain)}; `clawctl queues resume` ends that");
        return ExitCodes.Ok;
    }

    private static string[] Row(QueueView queue)
    {
        return [queue.Name, N(queue.Ready), N(queue.Scheduled), N(queue.Held), N(queue.Running),
            queue.OldestReadySeconds is { } seconds ? N(seconds) + " s" : "-", QueueLimitCommand.Text(queue.Limits), Text(queue.Paused)];

        static string N(long number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<int> PauseAsync(Invocation invocation, string? name, bool drain = false)
    {
        var broker = invocation.Connect().Broker;
        double? seconds = invocation.Parsed.GetValue(For) is { } time ? Duration.Parse("--for", time).TotalSeconds : null;
        var pause = new PauseBody(invocation.Parsed.GetValue(Reason), seconds);
        return Print(invocation, name is null ? await broker.DrainAsync(pause, invocation.Stop) : await broker.PauseQueueAsync(name, pause, drain,
            invocation.Stop), drain ? "drained" : "paused");
    }

    private static async Task<int> ResumeAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var name = invocation.Parsed.GetValue(NameOrAll);
        return Print(invocation, name is null ? await broker.UndrainAsync(invocation.Stop) : await broker.ResumeQueueAsync(name, invocation.Stop), "");
    }

    private static int Print(Invocation invocation, PauseAnswer answer, string word)
    {
        var until = answer.Until is { } at ? $" until {JobText.Time(at)}" : "";
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.PauseAnswer)
            : $"{answer.Name ?? "the broker"}: {(answer.Paused ? word + until : "goes on")}");
        return ExitCodes.Ok;
    }

    private static string Text(PauseView? pause)
    {
        if (pause is null) return "";
        var until = pause.Until is { } at ? $" until {JobText.Time(at)}" : "";
        return VisibleText.Of($"{(pause.Drain ? "drained" : "paused")} by {pause.By}{until}{(pause.Reason is null ? "" : $": {pause.Reason}")}");
    }
}
