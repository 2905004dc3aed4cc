using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace OpenClaw.Runner.Models;

/// <summary>The endpoint does not answer as it should.</summary>
/// <param name="mayPass">Whether another attempt might do better.</param>
internal sealed class ModelException(string why, bool mayPass) : Exception(why)
{
    public bool MayPass { get; } = mayPass;
}

/// <summary>Asks the model, and reads its answer in one piece or in many, as the endpoint likes it.</summary>
internal sealed class ModelClient(ModelSettings settings) : IDisposable
{
    private const int MostErrorBytes = 4000, MostAnswerCharacters = 8 << 20;

    /// <summary>No redirects: they would carry prompts, and the key, elsewhere. How long an answer may take, the job's own limit says.</summary>
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(10), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The model's answer to a conversation.</summary>
    /// <param name="mayCall">Whether it may ask for one of the tools now.</param>
    /// <exception cref="ModelException">There is none.</exception>
    public async Task<ModelTurn> AskAsync(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools, bool mayCall, CancellationToken stop)
    {
        var body = new ChatRequest(settings.Model, messages, Stream: true, new StreamOptions(IncludeUsage: true), tools.Count > 0 ? tools : null,
            tools.Count > 0 && !mayCall ? "none" : null);
        using var request = new HttpRequestMessage(HttpMethod.Post, settings.Completions)
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, ModelJson.Readable.ChatRequest)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (settings.Key is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(stop), Encoding.UTF8);
            if (!answer.IsSuccessStatusCode) throw await RefusedAsync((int)answer.StatusCode, reader, stop);
            return await ReadAsync(reader, stop);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            stop.ThrowIfCancellationRequested();
            throw new ModelException(settings.WithoutKey($"the model's endpoint can't be reached: {e.GetBaseException().Message}"), mayPass: true);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelException("the model's endpoint answered with something that is no chat completion", mayPass: false);
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>Server-sent events, or one JSON text: the first line tells which.</summary>
    private async Task<ModelTurn> ReadAsync(StreamReader reader, CancellationToken stop)
    {
        var turn = new TurnInPieces();
        var plain = new StringBuilder();
        var isStream = false;
        await foreach (var line in LinesAsync(reader, stop))
        {
            isStream |= plain.Length == 0 && (line.StartsWith("data:", StringComparison.Ordinal) || line.StartsWith(':')
                || line.StartsWith("event:", StringComparison.Ordinal));
            if (!isStream) plain.Append(line).Append('\n');
            else if (line.StartsWith("data:", StringComparison.Ordinal) && line[5..].Trim() is { Length: > 0 } data)
            {
                if (data == "[DONE]") break;
                Add(turn, data);
            }
        }
        if (!isStream) Add(turn, plain.ToString());
        if (!turn.HasChoice) throw new JsonException();
        return turn.End(settings);
    }

    /// <summary>Without line ends; of an answer without end the beginning is enough.</summary>
    private static async IAsyncEnumerable<string> LinesAsync(StreamReader reader, [EnumeratorCancellation] CancellationToken stop)
    {
        var buffer = new char[1 << 13];
        var line = new StringBuilder();
        for (var length = 0L; await reader.ReadAsync(buffer, stop) is > 0 and var count;)
        {
            if ((length += count) > MostAnswerCharacters) throw new ModelException("the model's answer is too long", mayPass: false);
            for (var start = 0; start < count;)
            {
                var end = Array.IndexOf(buffer, '\n', start, count - start);
                line.Append(buffer, start, (end < 0 ? count : end) - start);
                start = end < 0 ? count : end + 1;
                if (end < 0) continue;
                yield return line.ToString().TrimEnd('\r');
                line.Clear();
            }
        }
        if (line.Length > 0) yield return line.ToString();
    }

    private void Add(TurnInPieces turn, string json)
    {
        var answer = JsonSerializer.Deserialize(json, ModelJson.Readable.ChatAnswer) ?? throw new JsonException();
        if (answer.Error is { ValueKind: not JsonValueKind.Null } error)
        {
            throw new ModelException($"the model's endpoint failed: {Message(error)}", mayPass: true);
        }
        turn.Add(answer);
    }

    private async Task<ModelException> RefusedAsync(int status, StreamReader reader, CancellationToken stop)
    {
        var start = new char[MostErrorBytes];
        var text = new string(start, 0, await reader.ReadBlockAsync(start, stop));
        try
        {
            using var json = JsonDocument.Parse(text);
            text = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error) ? Message(error) : text;
        }
        catch (JsonException)
        {
            // Then the text itself.
        }
        var why = string.Create(CultureInfo.InvariantCulture, $"the model's endpoint answered {status}: {settings.WithoutKey(text).Trim()}");
        return new ModelException(why.TrimEnd(' ', ':'), mayPass: status is 408 or 429 or >= 500);
    }

    private string Message(JsonElement error)
    {
        var message = error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var text) ? text : error;
        return settings.WithoutKey(message.ValueKind == JsonValueKind.String ? message.GetString()! : message.GetRawText());
    }
}
