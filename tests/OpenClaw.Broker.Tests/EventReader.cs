using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Server-sent events as a client of any kind sees them: lines.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader lines;

    private EventReader(HttpResponseMessage response, Stream body) => (this.response, lines) = (response, new StreamReader(body));

    public static async Task<EventReader> OpenAsync(BrokerFixture broker, string job, string query = "", string? lastEventId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{job}/stream{query}");
        request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await broker.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        return new EventReader(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event or comment, its lines joined by <c>|</c>; null at the end.</summary>
    public async Task<string?> NextAsync()
    {
        using var patience = new CancellationTokenSource(Broken.After);
        var read = new List<string>();
        while (await lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length == 0) return string.Join('|', read);
            read.Add(line);
        }
        return read.Count == 0 ? null : throw new InvalidOperationException("the stream ends within an event");
    }

    /// <summary>The pieces that come next, as their ids and contents.</summary>
    public async Task<List<(long Id, string? Content)>> PiecesAsync(int count)
    {
        var pieces = new List<(long, string?)>();
        while (pieces.Count < count) pieces.Add(Piece((await NextAsync())!));
        return pieces;
    }

    public static (long Id, string? Content) Piece(string text)
    {
        var parts = text.Split("|data: ");
        using var json = JsonDocument.Parse(parts[1]);
        Assert.Equal($"id: {json.RootElement.GetProperty("id").GetInt64()}", parts[0]);
        return (json.RootElement.GetProperty("id").GetInt64(), json.RootElement.GetProperty("content").GetString());
    }

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
    }
}
