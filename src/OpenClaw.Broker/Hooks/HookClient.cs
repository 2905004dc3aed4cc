using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>What became of a webhook that was sent.</summary>
/// <param name="Text">What was answered, or what went wrong.</param>
/// <param name="IsRetryable">Of one that was not taken: whether another try might do better.</param>
/// <param name="RetryAfter">How long the receiver asks to wait.</param>
internal readonly record struct HookOutcome(bool IsTaken, string Text, bool IsRetryable = true, TimeSpan? RetryAfter = null);

/// <summary>
/// Sends webhooks. A name is looked up once, and the connection goes to the address that was judged: one that answers otherwise a moment
/// later changes nothing. Redirects are not followed, and no proxy is asked.
/// </summary>
internal sealed class HookClient : IDisposable
{
    private const int MostWords = 500;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    private readonly HttpClient http;
    private readonly HookGuard guard;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> lookUp;
    private readonly IReadOnlyList<byte[]> secrets;
    private readonly TimeProvider clock;

    /// <param name="lookUp">The addresses of a name.</param>
    public HookClient(HookGuard guard, IReadOnlyList<byte[]> secrets, Func<string, CancellationToken, Task<IPAddress[]>> lookUp, TimeProvider clock)
    {
        (this.guard, this.secrets, this.lookUp, this.clock) = (guard, secrets, lookUp, clock);
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero, // judged anew each time
            MaxResponseHeadersLength = 16,
            ConnectCallback = ConnectAsync,
        }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends it once.</summary>
    /// <param name="id">The same however often it is sent.</param>
    /// <param name="body">The news, JSON.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<HookOutcome> SendAsync(string address, string id, string body, TimeSpan patience, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(patience, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            using var request = HookMessage.Write(HookTarget.Parse(address), id, body, secrets, clock.GetUtcNow());
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ending.Token);
            return await ReadAsync(response, ending.Token);
        }
        catch (Exception e) when (Refusal(e) is { } refused)
        {
            return new HookOutcome(false, refused.Message, IsRetryable: false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return new HookOutcome(false, string.Create(CultureInfo.InvariantCulture, $"no answer within {patience.TotalSeconds:0.#} s"));
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // Whatever somebody's address or receiver brings about is an outcome: it must not end the deliveries of others.
            return new HookOutcome(false, VisibleText.Of(e.GetBaseException().Message));
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<HookOutcome> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        var status = (int)response.StatusCode;
        var answered = string.Create(CultureInfo.InvariantCulture, $"answered {status}");
        if (response.IsSuccessStatusCode) return new HookOutcome(true, answered);
        if (status is >= 300 and < 400)
        {
            return new HookOutcome(false, $"{answered}, a redirect, and none is followed: make the job with the address that it leads to", IsRetryable: false);
        }
        var words = VisibleText.Of(await WordsAsync(response, stop));
        return new HookOutcome(false, words.Length == 0 ? answered : $"{answered}: {words}", response.StatusCode != HttpStatusCode.Gone, RetryAfter(response));
    }

    private static async Task<string> WordsAsync(HttpResponseMessage response, CancellationToken stop)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(stop);
        var bytes = new byte[MostWords];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
        return Encoding.UTF8.GetString(bytes, 0, length).Trim();
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        (response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - clock.GetUtcNow()) is { } wait && wait > TimeSpan.Zero
            ? wait < LongestRetryAfter ? wait : LongestRetryAfter : null;

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var isEncrypted = context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttps;
        var found = IPAddress.TryParse(host.Trim('[', ']'), out var named) ? [named] : await lookUp(host, stop);
        IPAddress[] allowed = [.. found.Where(address => guard.Allows(host, address, isEncrypted))];
        if (allowed.Length == 0 && found.Length > 0) throw Refuse(host, found[0], isEncrypted);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static HookRefusedException Refuse(string host, IPAddress address, bool isEncrypted) => new(!isEncrypted && HookGuard.IsPublic(address)
        ? $"{host} is asked over plain http, which anybody on the way can read: use https, or name the host in {BrokerVariables.WebhookAllow}"
        : $"{host} has the address {address}, which is not public: name the host or the address in {BrokerVariables.WebhookAllow} if that is meant");

    /// <summary>What was refused while the connection was made comes wrapped.</summary>
    private static HookRefusedException? Refusal(Exception e) => e as HookRefusedException ?? e.InnerException as HookRefusedException;
}
