using System.Collections.Concurrent;
using System.Threading.Channels;

namespace OpenClaw.Bot.Chat;

/// <summary>
/// Takes what people do, decides at once from memory what becomes of it, and lets the work go on by itself: nobody waits for
/// another person's job, and the chat's receive loop waits for nobody.
/// </summary>
internal sealed class FrontDesk(BotParts parts)
{
    private const int MostAtOnce = 16;
    private const int MostWatches = 10;

    private readonly Channel<ChatEvent> events = Channel.CreateBounded<ChatEvent>(new BoundedChannelOptions(512) { SingleReader = true });
    private readonly ConcurrentDictionary<Task, string> work = new();
    private readonly Access access = new(parts.Settings.AllowedUsers, parts.Settings.AllowedChannel);
    private readonly Guardrails guardrails = new(parts.Settings, parts.Clock);
    private readonly JobDesk jobs = new(parts);
    private readonly PlanDesk plans = new(parts);

    /// <summary>Takes an event without waiting.</summary>
    public void Receive(ChatEvent e)
    {
        if (access.Admit(e) == Admission.Ignored) return;
        if (!events.Writer.TryWrite(e)) parts.Log.Warn($"too much at once: an event of user {e.UserId} was left out");
    }

    /// <summary>Goes on with the jobs of an earlier process, then serves people until it is stopped and has said what it was saying.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        foreach (var job in parts.State.Now.Jobs.Where(j => !j.Settled)) Follow(job, recovered: true, stop);
        try
        {
            await foreach (var e in events.Reader.ReadAllAsync(stop))
            {
                try
                {
                    if (!parts.State.Now.Seen.Contains(e.Id)) Serve(e, stop);
                }
                catch (IOException error)
                {
                    parts.Log.Error($"an event of user {e.UserId} can't be kept, so it is not served: {error.Message}");
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Task.WhenAll(work.Keys);
        }
    }

    private void Serve(ChatEvent e, CancellationToken stop)
    {
        var exchange = new Exchange(parts, e);
        if (access.Admit(e) == Admission.WrongPlace)
        {
            if (e is not CompletionAsked) Once(e, () => exchange.TellAsync("I work in direct messages and in the one channel I was given."));
            return;
        }
        switch (e)
        {
            case CompletionAsked asked:
                Start(e.UserId, () => parts.Chat.AnswerAsync(asked.Handle, new Suggest(Suggestions(asked)), parts.Speaking));
                break;
            case ButtonPressed pressed:
                Press(exchange, pressed, stop);
                break;
            case CommandInvoked invoked:
                Obey(exchange, invoked.Name, invoked.Argument.Trim(), stop);
                break;
            case TextReceived text when ParsedText.Parse(text.Text) is { } parsed:
                Obey(exchange, parsed.Name, parsed.Argument, stop);
                break;
        }
    }

    private void Obey(Exchange exchange, string name, string argument, CancellationToken stop)
    {
        var asked = exchange.Asked;
        switch (Commands.Find(name))
        {
            case null:
                Once(asked, () => exchange.TellAsync($"Unknown command. Use: {Commands.Usages}"));
                break;
            case { ArgumentRequired: true } command when argument.Length == 0:
                Once(asked, () => exchange.TellAsync($"Usage: {command.Usage}"));
                break;
            case { BrokerCommand: not null } command:
                MakeJob(exchange, command, command.Argument is null ? "" : argument, Begin(exchange, command, argument), stop);
                break;
            case { Name: Commands.Status }:
                Once(asked, () => jobs.StatusAsync(exchange, argument, stop));
                break;
            case { Name: Commands.Cancel }:
                Once(asked, () => jobs.CancelAsync(exchange, argument, stop));
                break;
            case { Name: Commands.Watch }:
                Watch(exchange, argument, stop);
                break;
            case { Name: Commands.Jobs }:
                Once(asked, () => exchange.TellAsync(jobs.List(asked.UserId)));
                break;
            case { Name: Commands.WhoAmI }:
                Once(asked, () => exchange.TellAsync(jobs.WhoAmI(asked)));
                break;
            default:
                Once(asked, () => exchange.TellAsync("Commands:\n" + string.Join('\n', Commands.All.Select(c => $"{c.Usage}: {c.Description}"))));
                break;
        }
    }

    /// <summary>What a command that makes a job does first: an interaction is told to wait; a plan approved by text loses its buttons.</summary>
    private Func<Task> Begin(Exchange exchange, Command command, string argument) => async () =>
    {
        if (exchange.Asked is InteractionReceived) await exchange.BeginAsync();
        if (command.Name == Commands.Approve) await plans.TakeButtonsAsync(exchange.Asked.UserId, argument);
    };

    private void Press(Exchange exchange, ButtonPressed pressed, CancellationToken stop)
    {
        if (PlanButtons.Read(pressed.ButtonId) is not var (planId, approves) || PlanDesk.Find(parts.State.Now, pressed.UserId, planId) is not { } plan)
        {
            Once(pressed, () => exchange.TellAsync("Unknown plan: it is not yours, or it was forgotten."));
        }
        else if (approves)
        {
            MakeJob(exchange, Commands.Find(Commands.Approve)!, planId, () => plans.TakeButtonsAsync(pressed), stop);
        }
        else if (plans.Refuse(parts.State.Now, pressed.UserId, planId) is { } refusal)
        {
            Once(pressed, () => exchange.TellAsync(refusal));
        }
        else
        {
            parts.State.Change(d => d.With(plan with { State = PlanState.Cancelled }));
            Once(pressed, () => plans.CancelAsync(pressed, planId));
        }
    }

    /// <summary>Checks and keeps a wish in one step, so that neither a replay nor a crash makes it two or none.</summary>
    private void MakeJob(Exchange exchange, Command command, string payload, Func<Task> begin, CancellationToken stop)
    {
        var asked = exchange.Asked;
        var now = parts.Clock.GetUtcNow();
        var job = new TrackedJob
        {
            Key = asked.Id,
            UserId = asked.UserId,
            ChannelId = asked.ChannelId,
            Command = command.Name,
            AskedAt = now,
            Payload = payload,
            ReplyTo = asked switch { TextReceived => asked.Id, ButtonPressed pressed => pressed.MessageId, _ => null },
            Interaction = (asked as CommandInvoked)?.Handle,
            PlanId = command.Name == Commands.Approve ? payload : null,
        };
        var data = parts.State.Now;
        var refusal = (asked is ButtonPressed ? null : guardrails.RefuseTooSoon(data, asked.UserId))
            ?? guardrails.RefuseTooMany(data, asked.UserId)
            ?? Guardrails.RefuseTooLarge(payload)
            ?? (job.PlanId is null ? null : plans.Refuse(data, asked.UserId, job.PlanId));
        if (refusal is not null)
        {
            Once(asked, () => exchange.TellAsync(refusal));
            return;
        }
        parts.State.Change(d =>
        {
            var next = Seen(d, asked) with
            {
                LastCommands = new Dictionary<string, DateTimeOffset>(d.LastCommands) { [asked.UserId] = now },
                Jobs = [.. d.Jobs, job],
            };
            return job.PlanId is not null && PlanDesk.Find(d, asked.UserId, job.PlanId) is { } plan ? next.With(plan with { State = PlanState.Approved }) : next;
        });
        Follow(job, recovered: false, stop, begin);
    }

    private void Watch(Exchange exchange, string argument, CancellationToken stop)
    {
        var asked = exchange.Asked;
        var (watch, refusal) = jobs.Watch(asked, argument);
        if (parts.State.Now.Jobs.Count(j => j.UserId == asked.UserId && j.IsWatch && !j.Ended) >= MostWatches) refusal = $"You are watching {MostWatches} jobs already.";
        if (refusal is not null)
        {
            Once(asked, () => exchange.TellAsync(refusal));
            return;
        }
        parts.State.Change(d => Seen(d, asked) with { Jobs = [.. d.Jobs, watch!] });
        Follow(watch!, recovered: false, stop, exchange.BeginAsync);
    }

    private IReadOnlyList<Suggestion> Suggestions(CompletionAsked asked) => Commands.Find(asked.Name)?.Suggests switch
    {
        Suggests.Jobs => JobIds.Suggest(parts.State.Now, asked.UserId, asked.Typed, activeOnly: false),
        Suggests.RunningJobs => JobIds.Suggest(parts.State.Now, asked.UserId, asked.Typed, activeOnly: true),
        Suggests.Plans => plans.Suggest(asked.UserId, asked.Typed),
        _ => [],
    };

    private static BotData Seen(BotData data, ChatEvent e) => data with { Seen = [.. data.Seen, e.Id] };

    private void Once(ChatEvent e, Func<Task> work)
    {
        parts.State.Change(d => Seen(d, e));
        Start(e.UserId, work);
    }

    private void Follow(TrackedJob job, bool recovered, CancellationToken stop, Func<Task>? begin = null) => Run(job.UserId, async () =>
    {
        if (begin is not null) await begin();
        else if (job.PlanId is not null) await plans.TakeButtonsAsync(job.UserId, job.PlanId);
        await new JobTracker(parts).TrackAsync(job.Key, recovered, stop);
    });

    private void Start(string user, Func<Task> task)
    {
        if (work.Values.Count(u => u == user) < MostAtOnce + parts.Settings.MaxConcurrent + MostWatches) Run(user, task);
        else parts.Log.Warn($"too much at once: user {user} is not answered");
    }

    private void Run(string user, Func<Task> task)
    {
        var running = new TaskCompletionSource();
        work[running.Task] = user;
        _ = Task.Run(async () =>
        {
            try
            {
                await task();
            }
            catch (OperationCanceledException)
            {
                // Stopped; what is unfinished is kept.
            }
            catch (ChatRefusedException)
            {
                // The gateway sees the same refusal and ends the program.
            }
            catch (Exception e)
            {
                parts.Log.Error($"unexpected: {e}");
            }
            finally
            {
                work.TryRemove(running.Task, out string? _);
                running.SetResult();
            }
        });
    }
}
