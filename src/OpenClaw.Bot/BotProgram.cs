using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot;

/// <summary>The parts put together, and how they end.</summary>
internal static class BotProgram
{
    private static readonly TimeSpan TimeToFinish = TimeSpan.FromSeconds(5);

    /// <param name="chance">Gives numbers from 0 up to 1.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(BotSettings settings, TextWriter output, TimeProvider clock, Func<double> chance, CancellationToken stop)
    {
        var log = new ProgramLog(output, clock, settings.Discord.Token, settings.BrokerToken);
        try
        {
            await ServeAsync(settings, log, clock, chance, stop);
            log.Info("stopped");
            return ExitCodes.Ok;
        }
        catch (ChatRefusedException e)
        {
            log.Error(e.Message);
            return ExitCodes.Configuration;
        }
        catch (StateNotKeptException e)
        {
            log.Error(e.Message);
            return ExitCodes.Io;
        }
        catch (Exception e) when (e is not SettingsException)
        {
            log.Error("unexpected; the bot ends, so that it is started again", e);
            return ExitCodes.Internal;
        }
    }

    private static async Task ServeAsync(BotSettings settings, ProgramLog log, TimeProvider clock, Func<double> chance, CancellationToken stop)
    {
        var (memory, state) = OpenState(settings.StateFolder);
        using var closing = new CancellationTokenSource();
        using var rest = new DiscordRest(settings.Discord.Api, settings.Discord.Token, clock, chance, log);
        var chat = Connect(settings, rest, memory, state.Now.Seen, clock, chance, log, closing.Token);

        // A used connection may be found closed, and a job then be posted twice to a broker without keys.
        using var http = BrokerHttp.Create(TimeSpan.Zero);
        var broker = new BrokerClient(http, settings.Broker, new BrokerCredentials { BotToken = settings.BrokerToken }, clock);
        var (brokers, work) = (new Brokers(broker, settings.Chat.ActsFor ? chat.Name : null), new RunningTasks());
        var approvals = new ApprovalMessages(chat.Text, new JobMessages(chat.Text));
        var held = new HeldJobs(chat, brokers, state, settings.Chat, approvals, clock, log);
        var decisions = new Decisions(chat, brokers, state, held, approvals, new JobMessages(chat.Text));
        var router = Compose(chat, brokers, state, settings.Chat, decisions, work, clock, chance, log);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var patience = stop.Register(() => closing.CancelAfter(TimeToFinish));
        work.Run("approvals", () => held.RunAsync(ending.Token), ending.Token);
        var routing = router.RunAsync(ending.Token);
        var receiving = chat.RunAsync(router.Receive, ending.Token);
        var first = await Task.WhenAny(routing, receiving, work.Failed);

        // An end that nobody asked for: there is nothing left to be said.
        if (!stop.IsCancellationRequested) await closing.CancelAsync();
        await ending.CancelAsync();
        await Task.WhenAll(routing, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await work.EndedAsync();
        await first;
        await routing;
        await receiving;
        if (work.Failed.IsFaulted) await work.Failed;
        if (!stop.IsCancellationRequested) throw new InvalidOperationException("a loop ended by itself");
    }

    private static DiscordGateway Connect(
        BotSettings settings, DiscordRest rest, PrivateFile<DiscordMemory> memory, IReadOnlyList<string> served,
        TimeProvider clock, Func<double> chance, ProgramLog log, CancellationToken closing)
    {
        var (users, channel) = (settings.Chat.AllowedUsers, settings.Chat.AllowedChannel);
        var address = new GatewayAddress(rest, memory, clock, log);
        var connection = new GatewayConnection(address, GatewayIdentity.For(settings.Discord.Token, channel), clock, chance, log);
        var missed = new MissedMessages(rest, users, channel, address.Since, served, clock, chance, log);
        return new DiscordGateway(rest, connection, new SlashRegistry(rest, address, Commands.All, log), missed, clock, log, closing);
    }

    private static MessageRouter Compose(
        DiscordGateway chat, Brokers brokers, BotState state, ChatSettings settings, Decisions decisions,
        RunningTasks work, TimeProvider clock, Func<double> chance, ProgramLog log)
    {
        var messages = new JobMessages(chat.Text);
        var plans = new Plans(chat, state, settings, clock);
        var jobs = new JobCommands(chat.Text, brokers, state, settings, messages);
        var served = new Served(chat.Text, brokers, clock);
        var creator = new JobCreator(chat, brokers, served, settings, messages, clock, chance, log);
        var retrier = new JobRetrier(chat, brokers, state, settings, messages, clock, chance, log);
        var streams = new OutputStreams(brokers, settings, clock, chance, log);
        var tracker = new JobTracker(chat, brokers, state, settings, creator, retrier, streams, messages, clock, chance, log);
        var guardrails = new Guardrails(chat.Text, settings, clock);
        var requests = new JobRequests(state, guardrails, plans, tracker, jobs, messages, work, clock);
        var schedules = new ScheduleCommands(chat.Text, brokers, settings, messages);
        var access = new Access(settings.AllowedUsers, settings.AllowedChannel);
        return new MessageRouter(chat, state, access, requests, jobs, served, schedules, plans, decisions, work, log);
    }

    private static (PrivateFile<DiscordMemory> Memory, BotState State) OpenState(string folder)
    {
        try
        {
            PrivateFiles.CreateFolder(folder);
            PrivateFiles.DeleteUnfinished(folder); // with what people asked for in them
            var memory = new PrivateFile<DiscordMemory>(Path.Combine(folder, "discord.json"), DiscordJson.Default.DiscordMemory);
            memory.Write(memory.Read() ?? new DiscordMemory());
            return (memory, new BotState(new PrivateFile<BotData>(Path.Combine(folder, "bot.json"), BotStateJson.Default.BotData)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StateNotKeptException { InnerException: UnauthorizedAccessException })
        {
            throw new SettingsException([
                $"{BotVariables.StateDir} is '{folder}', which can't be used ({(e.InnerException ?? e).Message}). Name a folder that this user may write to."]);
        }
        catch (JsonException e)
        {
            throw new SettingsException([
                $"{BotVariables.StateDir}: a file in '{folder}' is damaged ({e.Message}). "
                    + "Move the files there away; running jobs are then no longer watched."]);
        }
    }
}
