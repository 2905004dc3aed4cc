using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>Follows <c>GET /jobs/{id}/stream</c> as any client would: reads lines, and where it is cut off goes on with <c>Last-Event-ID</c>.</summary>
internal sealed class StreamFollower(BrokerProcess broker, string job)
{
    private readonly Lock gate = new();
    private readonly StringBuilder output = new();
    private readonly List<long> ids = [];
    private int finals;

    /// <summary>What the job has written to its standard output, as far as it was had.</summary>
    public string Output
    {
        get
        {
            lock (gate) return output.ToString();
        }
    }

    /// <summary>The ids of all pieces in the order in which they came.</summary>
    public IReadOnlyList<long> Ids => ids;

    public int Finals => finals;

    public int Connections { get; private set; }

    /// <summary>Reads to the event that says that the job has ended.</summary>
    /// <returns>That event's data.</returns>
    public async Task<string> UntilEndAsync()
    {
        using var patience = new CancellationTokenSource(2 * Broken.After);
        while (true)
        {
            try
            {
                if (await ReadAsync(patience.Token) is { } end) return end;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
            {
                // It was killed.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    public Task HasLinesAsync(int count) => HasAsync(text => text.Count(static c => c == '\n') >= count);

    public Task HasAsync(string text) => HasAsync(output => output.Contains(text, StringComparison.Ordinal));

    private async Task HasAsync(Func<string, bool> isIt)
    {
        using var patience = new CancellationTokenSource(Broken.After);
        while (!isIt(Output)) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    private async Task<string?> ReadAsync(CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = broker.Url };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{job}/stream");
        request.Headers.Add("X-Bot-Token", BrokerProcess.BotToken);
        request.Headers.Add("Last-Event-ID", (ids.Count == 0 ? 0 : ids[^1]).ToString(CultureInfo.InvariantCulture));
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        answer.EnsureSuccessStatusCode();
        Connections++;
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
        string? name = null, data = null;
        while (await lines.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            if (line.Length > 0) continue;
            if (name == "end") return data;
            if (name is null && data is not null) Take(JsonDocument.Parse(data).RootElement);
            name = data = null;
        }
        return null;
    }

    private void Take(JsonElement piece)
    {
        lock (gate)
        {
            ids.Add(piece.GetProperty("id").GetInt64());
            if (piece.GetProperty("type").GetString() == "stdout") output.Append(piece.GetProperty("content").GetString());
        }
        if (piece.GetProperty("type").GetString() == "final") finals++;
    }
}
