using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Tells Discord the slash commands: all in one PUT, and only when they are other than last time.</summary>
internal sealed class SlashRegistry(DiscordRest rest, GatewayAddress memory, IReadOnlyList<Command> commands, ProgramLog log)
{
    public async Task RegisterAsync(string applicationId, CancellationToken stop)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes([.. commands.Select(ToSlash)], DiscordJson.Default.IReadOnlyListSlashCommand);
        var state = $"{applicationId}:{Convert.ToHexStringLower(SHA256.HashData(body))}";
        if (memory.Registered == state) return;
        var answer = await rest.SendAsync(new RestCall(HttpMethod.Put, $"/applications/{applicationId}/commands")
        {
            Route = "/applications/{}/commands",
            Body = () => new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        }, stop);
        if (answer.IsSuccess) memory.Registered = state;
        else log.Warn("discord: slash commands could not be registered; text commands work, and the next start tries again", ("answer", answer));
    }

    private static SlashCommand ToSlash(Command command) =>
        new(command.Name, command.Description, [.. command.Arguments.Select(ToOption)]);

    private static SlashOption ToOption(Argument argument) =>
        new(argument.Name, argument.Description, argument.IsRequired, argument.Suggests != Suggests.Nothing);
}
