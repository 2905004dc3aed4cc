using System.Collections.Concurrent;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>
/// Finds what people wrote while the bot was cut off or did not run. Discord replays it to a session that is resumed, but a new
/// session begins with nothing; so after each reconnect the channels are read from the last message heard before, and after a start
/// from the oldest that is remembered as served. Whoever takes the messages knows those that came already.
/// </summary>
/// <param name="since">When the bot first was there; null where this is its first start.</param>
/// <param name="served">The ids of what earlier processes served, the oldest first, as far as they are remembered.</param>
internal sealed class MissedMessages(
    DiscordRest rest, IReadOnlySet<string> users, string? guildChannel, DateTimeOffset? since, IReadOnlyList<string> served,
    TimeProvider clock, Func<double> chance, ProgramLog log)
{
    /// <summary>What is older stays unanswered: nobody waits for it any more, and it must not start work.</summary>
    private static readonly TimeSpan Oldest = TimeSpan.FromMinutes(15);

    private const int PageSize = 100;
    private const int MostPages = 10;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, string> directChannels = new();
    private ulong newest = Snowflake.At(clock.GetUtcNow());
    private ulong? missedAfter = since is null ? null : Math.Max(Snowflake.At(since.Value), served is [var first, ..] ? Snowflake.Parse(first) : 0);

    /// <summary>Remembers how far the bot has heard, and where people write to it.</summary>
    public void Heard(ChatEvent e)
    {
        if (e.IsDirect && users.Contains(e.UserId)) directChannels[e.UserId] = e.ChannelId;
        lock (gate) newest = Math.Max(newest, Snowflake.Parse(e.Id));
    }

    /// <summary>The connection is lost: what comes from now on may be missed.</summary>
    public void Lost()
    {
        lock (gate) missedAfter ??= newest;
    }

    /// <summary>Reads what was missed, if anything can have been; tries until Discord answers.</summary>
    public async Task ReadAsync(Action<ChatEvent> received, string? self, CancellationToken stop)
    {
        ulong? after;
        lock (gate) after = missedAfter;
        if (after is null) return;
        var begin = Math.Max(after.Value, Snowflake.At(clock.GetUtcNow() - Oldest));
        if (guildChannel is not null) await ReadAsync(guildChannel, isDirect: false, begin, received, self, stop);
        foreach (var user in users)
        {
            if (await DirectChannelAsync(user, stop) is { } channel) await ReadAsync(channel, isDirect: true, begin, received, self, stop);
        }
        lock (gate)
        {
            if (missedAfter == after) missedAfter = null;
        }
    }

    private async Task ReadAsync(string channel, bool isDirect, ulong after, Action<ChatEvent> received, string? self, CancellationToken stop)
    {
        for (var page = 0; page < MostPages; page++)
        {
            var answer = await AskAsync(new RestCall(HttpMethod.Get, $"/channels/{channel}/messages?after={after}&limit={PageSize}")
            {
                Route = "/channels/{}/messages",
                Major = channel,
            }, stop);
            if (!answer.IsSuccess || answer.Body.ValueKind != JsonValueKind.Array) return;
            var messages = answer.Body.EnumerateArray().Select(m => (Id: Snowflake.Parse(m.Text("id") ?? ""), Data: m)).OrderBy(m => m.Id).ToList();
            foreach (var (_, data) in messages)
            {
                // A channel's messages don't name its guild.
                if (DiscordEvents.ReadMessage(data, self) is { FromProgram: false } message) received(message with { IsDirect = isDirect });
            }
            if (messages.Count < PageSize) return;
            after = messages[^1].Id;
        }
        log.Warn("discord: more was written while the bot was away than is read afterwards", ("channel", channel), ("messages", PageSize * MostPages));
    }

    private async Task<string?> DirectChannelAsync(string user, CancellationToken stop)
    {
        if (directChannels.TryGetValue(user, out var known)) return known;
        var answer = await AskAsync(DiscordMessages.OpenDirect(user), stop);
        return answer.IsSuccess && answer.Body.Text("id") is { } channel ? directChannels[user] = channel : null;
    }

    /// <summary>An answer that says something, however long that takes.</summary>
    private async Task<RestAnswer> AskAsync(RestCall call, CancellationToken stop)
    {
        var backoff = new Backoff(FirstRetry, SlowestRetry, chance);
        while (true)
        {
            var answer = await rest.SendAsync(call, stop);
            if (!answer.IsUncertain && answer.Status != 429) return answer;
            await Task.Delay(backoff.Next(), clock, stop);
        }
    }
}
