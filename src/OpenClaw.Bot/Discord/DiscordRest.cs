using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>
/// Discord's REST API: rate limits obeyed, failures repeated where that is harmless. An answer that can't be had is a value, not an exception.
/// </summary>
internal sealed class DiscordRest : IDisposable
{
    public const string UserAgent = "DiscordBot (https://github.com/ChiefBoyardee/openclaw-broker, 0.1.0)";

    private const int MostTries = 6;
    private const int MostLimited = 20;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PageWithoutTime = TimeSpan.FromSeconds(60);

    private readonly HttpClient http = Client(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });

    /// <summary>A used connection may be found closed, and the request is then sent again unasked: not so here.</summary>
    private readonly HttpClient fresh = Client(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.Zero });

    private readonly string root;
    private readonly string token;
    private readonly TimeProvider clock;
    private readonly Func<double> chance;
    private readonly ProgramLog log;
    private readonly RateLimits limits;
    private readonly TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DiscordRest(Uri api, string token, TimeProvider clock, Func<double> chance, ProgramLog log)
    {
        root = api.AbsoluteUri.TrimEnd('/');
        limits = new RateLimits(clock);
        (this.token, this.clock, this.chance, this.log) = (token, clock, chance, log);
    }

    /// <summary>Whether nobody on the way can read what is said.</summary>
    public bool IsEncrypted => root.StartsWith("https:", StringComparison.Ordinal);

    /// <summary>Fails when Discord refuses the token; never completes otherwise.</summary>
    public Task Refused => refused.Task;

    public async Task<RestAnswer> SendAsync(RestCall call, CancellationToken stop)
    {
        var limited = 0;
        for (var tries = 1; ; tries++)
        {
            if (refused.Task.IsFaulted) await refused.Task;
            var (answer, retryAfter) = call.Immediate ? await SendAtOnceAsync(call, stop) : await SendInTurnAsync(call, stop);
            if (answer.Status == 401 && !call.OwnToken) throw Refuse();
            if (answer.Status == 429 && limited++ < MostLimited)
            {
                tries--;
                if (call.Immediate) await Task.Delay(retryAfter, clock, stop);
                continue;
            }
            if (!answer.IsUncertain || !call.Repeatable || tries >= MostTries) return answer;
            var wait = Backoff.Pause(tries, FirstRetry, SlowestRetry, chance());
            log.Warn($"discord: {call.Method} {call.Route} is tried again", ("answer", answer), ("seconds", Math.Round(wait.TotalSeconds, 1)));
            await Task.Delay(wait, clock, stop);
        }
    }

    public void Dispose()
    {
        http.Dispose();
        fresh.Dispose();
    }

    private async Task<(RestAnswer Answer, TimeSpan RetryAfter)> SendInTurnAsync(RestCall call, CancellationToken stop)
    {
        using var turn = await limits.EnterAsync(call, stop);
        var (answer, headers) = await ExchangeAsync(http, call, stop);
        if (headers is null) return (answer, default);
        limits.Learn(call, turn, headers);
        if (answer.Status != 429) return (answer, default);
        var wait = RetryAfter(answer, headers);
        var everything = answer.Body.IsTrue("global") || headers.Contains("X-RateLimit-Global") || answer.Body.ValueKind != JsonValueKind.Object;
        log.Warn($"discord: {call.Method} {call.Route} is limited{(everything ? " with everything else" : "")}", ("seconds", Math.Round(wait.TotalSeconds, 1)));
        limits.Close(turn, wait, everything);
        return (answer, wait);
    }

    private async Task<(RestAnswer Answer, TimeSpan RetryAfter)> SendAtOnceAsync(RestCall call, CancellationToken stop)
    {
        var (answer, headers) = await ExchangeAsync(fresh, call, stop);
        return (answer, headers is null ? default : RetryAfter(answer, headers));
    }

    private async Task<(RestAnswer Answer, HttpResponseHeaders? Headers)> ExchangeAsync(HttpClient client, RestCall call, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(AnswerTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        using var request = new HttpRequestMessage(call.Method, root + call.Path) { Content = call.Body?.Invoke() };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (!call.OwnToken) request.Headers.TryAddWithoutValidation("Authorization", $"Bot {token}");
        try
        {
            using var response = await client.SendAsync(request, either.Token);
            return (RestAnswer.Read(response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token)), response.Headers);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
        {
            return (RestAnswer.None(Reasons.Of(e)), null);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (RestAnswer.None($"none within {AnswerTime.TotalSeconds:0} s"), null);
        }
    }

    private ChatRefusedException Refuse()
    {
        var refusal = new ChatRefusedException("Discord refuses the bot's token (401). "
            + "Copy a fresh one from the Bot page in the developer portal into DISCORD_TOKEN.");
        refused.TrySetException(refusal);
        return refusal;
    }

    /// <summary>The token goes to the configured address alone: no redirects are followed.</summary>
    private static HttpClient Client(SocketsHttpHandler handler)
    {
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static TimeSpan RetryAfter(RestAnswer answer, HttpResponseHeaders headers)
    {
        var named = headers.TryGetValues("Retry-After", out var values) ? values.First() : null;
        var seconds = answer.Body.Number("retry_after")
            ?? (double.TryParse(named, NumberStyles.Float, CultureInfo.InvariantCulture, out var header) ? header : PageWithoutTime.TotalSeconds);
        return TimeSpan.FromSeconds(double.IsNaN(seconds) ? PageWithoutTime.TotalSeconds : Math.Clamp(seconds, 0, 86400));
    }
}
