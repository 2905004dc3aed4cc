using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot;

/// <summary>The parts put together, and how they end.</summary>
internal static class BotProgram
{
    private const int DirectMessages = 1 << 12;
    private const int GuildMessages = 1 << 9;
    private const int MessageContent = 1 << 15;
    private static readonly TimeSpan TimeToFinish = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(BotSettings settings, TextWriter output, TimeProvider clock, Func<double> chance, CancellationToken stop)
    {
        var log = new ProgramLog(output, clock, settings.DiscordToken, settings.BrokerToken);
        var (memory, state) = OpenState(settings.StateFolder);
        var intents = DirectMessages | (settings.AllowedChannel is null ? 0 : GuildMessages | MessageContent);

        using var rest = new DiscordRest(settings.DiscordApi, settings.DiscordToken, clock, chance, log);
        var address = new GatewayAddress(rest, memory, clock, log);
        var connection = new GatewayConnection(address, settings.DiscordToken, intents, DiscordRest.UserAgent, clock, chance, log);
        var slash = new SlashRegistry(rest, address, [.. Commands.All.Select(ToSlash)], log);
        var discord = new DiscordGateway(rest, connection, slash, clock, log);

        // A used connection may be found closed, and a job then be posted twice to a broker without keys.
        using var http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, ConnectTimeout = TimeSpan.FromSeconds(5) });
        var broker = new BrokerClient(http, settings.Broker, new BrokerCredentials { BotToken = settings.BrokerToken }, clock);
        using var speaking = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var desk = new FrontDesk(new BotParts(discord, broker, state, settings, clock, chance, log, speaking.Token));

        var serving = desk.RunAsync(ending.Token);
        using var patience = stop.Register(() => speaking.CancelAfter(TimeToFinish));
        try
        {
            await discord.RunAsync(desk.Receive, stop);
            await serving;
            log.Info("stopped");
            return ExitCodes.Ok;
        }
        catch (ChatRefusedException e)
        {
            log.Error(e.Message);
            await ending.CancelAsync();
            await speaking.CancelAsync();
            await serving;
            return ExitCodes.Configuration;
        }
    }

    private static (PrivateFile<DiscordMemory> Memory, BotState State) OpenState(string folder)
    {
        try
        {
            PrivateFiles.CreateFolder(folder);
            var memory = new PrivateFile<DiscordMemory>(Path.Combine(folder, "discord.json"), DiscordJson.Default.DiscordMemory);
            memory.Write(memory.Read() ?? new DiscordMemory());
            return (memory, new BotState(new PrivateFile<BotData>(Path.Combine(folder, "bot.json"), BotStateJson.Default.BotData)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException([$"{BotVariables.StateDir} is '{folder}', which can't be used ({e.Message}). Name a folder that this user may write to."]);
        }
        catch (JsonException e)
        {
            throw new SettingsException([$"{BotVariables.StateDir}: a file in '{folder}' is damaged ({e.Message}). Move the files there away; running jobs are then no longer watched."]);
        }
    }

    private static SlashCommand ToSlash(Command command) => new(
        command.Name,
        command.Description,
        command.Argument is null ? [] : [new SlashOption(command.Argument, command.ArgumentDescription, command.ArgumentRequired, command.Suggests != Suggests.Nothing)]);
}
