using System.Threading.Channels;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>
/// Takes what people do, decides at once from memory what becomes of it, and lets the work go on by itself: nobody waits for
/// another person's job, and the chat's receive loop waits for nobody.
/// </summary>
internal sealed class MessageRouter(
    IChatGateway chat, BotState state, Access access, JobRequests requests, JobCommands jobs, Served served, ScheduleCommands schedules, Plans plans,
    Decisions decisions, RunningTasks work, ProgramLog log)
{
    private const int MostWaiting = 512;

    /// <summary>How much is done for one person at once, besides the jobs that are followed.</summary>
    private const int MostAtOnce = 16;

    private readonly Channel<ChatEvent> events = Channel.CreateBounded<ChatEvent>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly string usages = string.Join(", ", Commands.All.Select(c => chat.Text.Code(c.Usage)));
    private readonly string help = "Commands:\n" + string.Join('\n', Commands.All.Select(c => $"{chat.Text.Code(c.Usage)}: {c.Description}"));

    /// <summary>Takes an event without waiting.</summary>
    public void Receive(ChatEvent e)
    {
        if (access.Admit(e) == Admission.Ignored) return;
        if (!events.Writer.TryWrite(e)) log.Warn("too much at once: an event was left out", ("user", e.UserId));
    }

    /// <summary>Goes on with the jobs of an earlier process, then serves people until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        requests.Recover(stop);
        try
        {
            await foreach (var e in events.Reader.ReadAllAsync(stop))
            {
                if (!state.Now.Seen.Contains(e.Id)) Serve(e, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped; what is being said goes on by itself.
        }
    }

    private void Serve(ChatEvent e, CancellationToken stop)
    {
        var conversation = new Conversation(chat, e);
        var admission = access.Admit(e);
        if (admission == Admission.Refused)
        {
            // Not remembered: strangers would push what people asked for out of the memory.
            Start(e, () => conversation.TellAsync("You are not among those who may use this bot; nothing was done."), stop);
            return;
        }
        if (admission == Admission.WrongPlace)
        {
            if (e is not CompletionAsked) Once(e, () => conversation.TellAsync("I work in direct messages and in the one channel I was given."), stop);
            return;
        }
        switch (e)
        {
            case CompletionAsked asked:
                Start(e, async () => await chat.AnswerAsync(asked.Interaction, new Suggest(await SuggestionsAsync(asked, stop))), stop);
                break;
            case ButtonPressed pressed:
                Press(conversation, pressed, stop);
                break;
            case CommandInvoked invoked:
                Obey(conversation, invoked.Name, invoked.Argument.Trim(), stop);
                break;
            case TextReceived text when ParsedText.Parse(text.Text) is { } parsed:
                Obey(conversation, parsed.Name, parsed.Argument, stop);
                break;
        }
    }

    private void Obey(Conversation conversation, string name, string argument, CancellationToken stop)
    {
        var asked = conversation.Asked;
        switch (Commands.Find(name))
        {
            case null:
                Once(asked, () => conversation.TellAsync($"Unknown command. Use: {usages}"), stop);
                break;
            case { Name: Commands.Every }:
                Once(asked, () => schedules.MakeAsync(conversation, argument, stop), stop);
                break;
            case { NeedsWords: true } command when argument.Length == 0:
                Once(asked, () => conversation.TellAsync($"Usage: {chat.Text.Code(command.Usage)}"), stop);
                break;
            case { Name: Commands.Approve } when Plans.Find(state.Now, asked.UserId, argument) is null && decisions.Find(asked.UserId, argument) is not []:
                Once(asked, () => decisions.DecideAsync(conversation, argument, isYes: true, stop), stop);
                break;
            case { Name: Commands.Deny }:
                Once(asked, () => decisions.DecideAsync(conversation, argument, isYes: false, stop), stop);
                break;
            case { } command when command.BrokerCommand is not null || command.Name == Commands.Run:
                var (wish, refusal) = Wish.Read(command, argument, chat.Text);
                RefuseUnless(wish is null ? refusal : requests.Make(conversation, wish, stop), conversation, stop);
                break;
            case { Name: Commands.Status }:
                Once(asked, () => jobs.StatusAsync(conversation, argument, stop), stop);
                break;
            case { Name: Commands.Cancel }:
                Once(asked, () => jobs.CancelAsync(conversation, argument, stop), stop);
                break;
            case { Name: Commands.Why }:
                Once(asked, () => jobs.WhyAsync(conversation, argument, stop), stop);
                break;
            case { Name: Commands.Retry }:
                Once(asked, () => jobs.RetryAsync(conversation, argument, stop), stop);
                break;
            case { Name: Commands.Watch }:
                RefuseUnless(requests.Watch(conversation, argument, stop), conversation, stop);
                break;
            case { Name: Commands.Jobs }:
                Once(asked, () => conversation.TellAsync(jobs.List(asked.UserId)), stop);
                break;
            case { Name: Commands.Schedules }:
                Once(asked, () => schedules.ListAsync(conversation, stop), stop);
                break;
            case { Name: Commands.Pause or Commands.Resume or Commands.Unschedule } command:
                Once(asked, () => schedules.ChangeAsync(conversation, command.Name, argument, stop), stop);
                break;
            case { Name: Commands.WhoAmI }:
                Once(asked, () => conversation.TellAsync(jobs.WhoAmI(asked)), stop);
                break;
            default:
                Once(asked, () => conversation.TellAsync(help), stop);
                break;
        }
    }

    private void Press(Conversation conversation, ButtonPressed pressed, CancellationToken stop)
    {
        if (RetryButton.Read(pressed.ButtonId) is var (jobId, round))
        {
            RefuseUnless(requests.Retry(conversation, pressed, jobId, round, stop), conversation, stop);
        }
        else if (ApprovalButtons.Read(pressed.ButtonId) is var (held, digest, isYes))
        {
            Once(pressed, () => decisions.PressAsync(conversation, pressed, held, digest, isYes, stop), stop);
        }
        else if (PlanButtons.Read(pressed.ButtonId) is not var (planId, approves) || Plans.Find(state.Now, pressed.UserId, planId) is not { } plan)
        {
            Once(pressed, () => conversation.TellAsync("Unknown plan: it is not yours, or it was forgotten."), stop);
        }
        else if (approves)
        {
            RefuseUnless(requests.Make(conversation, Wish.Read(Commands.Find(Commands.Approve)!, planId, chat.Text).Wish!, stop), conversation, stop);
        }
        else if (plans.Refuse(state.Now, pressed.UserId, planId) is { } refusal)
        {
            RefuseUnless(refusal, conversation, stop);
        }
        else
        {
            state.Change(d => d.With(plan with { State = PlanState.Cancelled }));
            Once(pressed, () => plans.CancelAsync(conversation, pressed, planId), stop);
        }
    }

    private async Task<IReadOnlyList<Suggestion>> SuggestionsAsync(CompletionAsked asked, CancellationToken stop) => Suggested(asked) switch
    {
        Suggests.Jobs => JobNames.Suggest(state.Now, asked.UserId, asked.Typed, activeOnly: false),
        Suggests.RunningJobs => JobNames.Suggest(state.Now, asked.UserId, asked.Typed, activeOnly: true),
        Suggests.Plans => [.. plans.Suggest(asked.UserId, asked.Typed), .. decisions.Suggest(asked.UserId, asked.Typed)],
        Suggests.HeldJobs => decisions.Suggest(asked.UserId, asked.Typed),
        Suggests.ServedCommands => await served.SuggestAsync(asked.UserId, asked.Typed, stop),
        _ => [],
    };

    /// <summary>A command has at most one argument that is completed.</summary>
    private static Suggests Suggested(CompletionAsked asked) =>
        Commands.Find(asked.Name)?.Arguments.Select(a => a.Suggests).FirstOrDefault(s => s != Suggests.Nothing) ?? Suggests.Nothing;

    /// <param name="refusal">Null: it is being done.</param>
    private void RefuseUnless(string? refusal, Conversation conversation, CancellationToken stop)
    {
        if (refusal is not null) Once(conversation.Asked, () => conversation.TellAsync(refusal), stop);
    }

    /// <summary>Remembers the event before it is served, so that no replay serves it twice.</summary>
    private void Once(ChatEvent e, Func<Task> task, CancellationToken stop)
    {
        state.Change(d => d.WithSeen(e));
        Start(e, task, stop);
    }

    private void Start(ChatEvent e, Func<Task> task, CancellationToken stop)
    {
        if (work.Count(e.UserId) < MostAtOnce + requests.MostFollowed) work.Run(e.UserId, task, stop);
        else log.Warn("too much at once: a person is not answered", ("user", e.UserId));
    }
}
