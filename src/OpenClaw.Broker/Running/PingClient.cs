using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Takes one job all the way through the running broker, in a queue of its own, as whoever creates it and as its worker.</summary>
internal static class PingClient
{
    private const string Queue = "installation-check";
    private const string Worker = "installation-check";

    /// <returns>The exit code: 0 where the job went through.</returns>
    public static async Task<int> RunAsync(BrokerOptions options)
    {
        using var http = HealthClient.Create(options);
        try
        {
            var id = (await SendAsync(http, HttpMethod.Post, "jobs", HeaderNames.BotToken, options.BotToken,
                $$"""{"command": "ping", "payload": "installation", "queue": "{{Queue}}"}""")).GetProperty("id").GetString()!;
            for (string? claimed = null; claimed != id;) // what a ping that was broken off left there is finished on the way
            {
                var claim = await SendAsync(http, HttpMethod.Get, "jobs/next", HeaderNames.WorkerToken, options.WorkerToken);
                if (claim.GetProperty("job") is not { ValueKind: JsonValueKind.Object } job) return Fail($"the job {id} was created, but not handed out");
                claimed = job.GetProperty("id").GetString();
                await SendAsync(http, HttpMethod.Post, $"jobs/{claimed}/result", HeaderNames.WorkerToken, options.WorkerToken,
                    """{"result": "pong: installation"}""", job.GetProperty("lease_token").GetString());
            }
            var done = await SendAsync(http, HttpMethod.Get, $"jobs/{id}", HeaderNames.BotToken, options.BotToken);
            if (done.GetProperty("result").GetString() != "pong: installation") return Fail($"the job {id} came back with another result");
            await SendAsync(http, HttpMethod.Delete, $"jobs/{id}", HeaderNames.BotToken, options.BotToken);
            Console.Out.WriteLine("A job went all the way: created, claimed, finished, read, deleted.");
            return ExitCodes.Ok;
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.TooManyRequests)
        {
            Console.Out.WriteLine($"The broker answers, and takes no new job just now, by its limits: {VisibleText.Of(e.Message)}");
            return ExitCodes.Ok;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException or JsonException or KeyNotFoundException)
        {
            return Fail(VisibleText.Of(e.Message));
        }
    }

    private static async Task<JsonElement> SendAsync(
        HttpClient http, HttpMethod method, string path, string header, string token, string? body = null, string? leaseToken = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation(header, token);
        request.Headers.TryAddWithoutValidation(HeaderNames.WorkerQueues, Queue);
        request.Headers.TryAddWithoutValidation(HeaderNames.WorkerId, Worker);
        if (leaseToken is not null) request.Headers.TryAddWithoutValidation(HeaderNames.LeaseToken, leaseToken);
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        if (response.IsSuccessStatusCode) return await response.Content.ReadFromJsonAsync<JsonElement>();
        throw new HttpRequestException($"{method} /{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}", null, response.StatusCode);
    }

    private static int Fail(string why)
    {
        Console.Error.WriteLine($"No job went through: {why}.");
        return ExitCodes.Unavailable;
    }
}
