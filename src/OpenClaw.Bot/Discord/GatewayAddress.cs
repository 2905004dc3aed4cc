using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Where a new session starts, and when it may: IDENTIFY is rationed by the day and by the second, across restarts too.</summary>
internal sealed class GatewayAddress(DiscordRest rest, PrivateFile<DiscordMemory> file, TimeProvider clock, ProgramLog log)
{
    private static readonly TimeSpan BetweenIdentifies = TimeSpan.FromSeconds(5.25);

    private readonly Lock gate = new();
    private DiscordMemory memory = file.Read() ?? new DiscordMemory();

    /// <summary>The commands that are registered, as <see cref="SlashRegistry"/> wrote them down.</summary>
    public string? Registered
    {
        get => memory.Registered;
        set => Remember(m => m with { Registered = value });
    }

    /// <summary>When the bot first was there: what was written before was not written to it. Null: it never was.</summary>
    public DateTimeOffset? Since => memory.Since ?? memory.LastIdentify;

    /// <summary>Asks Discord for the address, and waits until another IDENTIFY is allowed.</summary>
    public async Task<string> ForNewSessionAsync(CancellationToken stop)
    {
        while (true)
        {
            var answer = await rest.SendAsync(new RestCall(HttpMethod.Get, "/gateway/bot"), stop);
            if (answer.Body.Text("url") is not { } url) throw new HttpRequestException($"GET /gateway/bot got {answer}");
            var limit = answer.Body.Child("session_start_limit");
            if (limit.Number("remaining") is not { } remaining || remaining >= 1)
            {
                await SinceLastIdentifyAsync(stop);
                return url;
            }
            var wait = TimeSpan.FromMilliseconds(Math.Max(1000, limit.Number("reset_after") ?? 60_000));
            log.Warn("gateway: Discord's daily number of new sessions is used up; waiting for more", ("seconds", Math.Round(wait.TotalSeconds)));
            await Task.Delay(wait, clock, stop);
        }
    }

    public void Identified()
    {
        var now = clock.GetUtcNow();
        Remember(m => m with { Since = Since ?? now, LastIdentify = now });
    }

    /// <summary>An address that Discord gave, with version and encoding.</summary>
    /// <exception cref="HttpRequestException">The token must not go there.</exception>
    public Uri Checked(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var given) || given.Scheme is not ("wss" or "ws"))
        {
            throw new HttpRequestException($"'{url}' is no address of a gateway");
        }
        if (given.Scheme == "ws" && rest.IsEncrypted) throw new HttpRequestException($"'{url}' would show the token to the networks on the way");
        var address = new UriBuilder(given) { Query = "v=10&encoding=json" };
        if (address.Path.Length == 0) address.Path = "/";
        return address.Uri;
    }

    private async Task SinceLastIdentifyAsync(CancellationToken stop)
    {
        var since = clock.GetUtcNow() - memory.LastIdentify;
        if (since >= TimeSpan.Zero && since < BetweenIdentifies) await Task.Delay(BetweenIdentifies - since.Value, clock, stop);
    }

    private void Remember(Func<DiscordMemory, DiscordMemory> change)
    {
        lock (gate)
        {
            memory = change(memory);
            file.Write(memory);
        }
    }
}
