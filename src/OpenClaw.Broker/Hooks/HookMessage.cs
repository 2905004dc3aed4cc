using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>What is sent: the news as they are and signed, or as somebody's phone shows them.</summary>
internal static class HookMessage
{
    private const int MostTitle = 200;

    /// <summary>Of 1 to 5 and of 0 to 10: what stands still needs a look, what ended well does not.</summary>
    private static readonly (int Ntfy, int Gotify) Pressing = (4, 8);

    private static readonly (int Ntfy, int Gotify) Calm = (3, 4);

    /// <param name="id">The same however often it is sent.</param>
    /// <param name="body">The news, JSON.</param>
    /// <param name="secrets">Those with which it is signed.</param>
    public static HttpRequestMessage Write(HookTarget target, string id, string body, IReadOnlyList<byte[]> secrets, DateTimeOffset now)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, target.Url) { Headers = { Authorization = target.Authorization } };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("openclaw-broker", typeof(HookMessage).Assembly.GetName().Version!.ToString(3)));
        switch (target.Kind)
        {
            case HookKind.Standard:
                var at = now.ToUnixTimeSeconds();
                request.Headers.Add("webhook-id", id);
                request.Headers.Add("webhook-timestamp", FormattableString.Invariant($"{at}"));
                var signed = FormattableString.Invariant($"{id}.{at}.{body}");
                request.Headers.Add("webhook-signature", string.Join(' ', secrets.Select(secret => Sign(secret, signed))));
                request.Content = Json(body);
                break;
            case HookKind.Ntfy:
                var news = News.Read(body);
                request.Content = Json(new JsonObject
                {
                    ["topic"] = target.Topic, ["title"] = news.Title, ["message"] = news.Text, ["priority"] = (news.IsPressing ? Pressing : Calm).Ntfy,
                }.ToJsonString());
                break;
            default:
                var told = News.Read(body);
                request.Headers.Add("X-Gotify-Key", target.Token);
                request.Content = Json(new JsonObject
                {
                    ["title"] = told.Title, ["message"] = told.Text, ["priority"] = (told.IsPressing ? Pressing : Calm).Gotify,
                }.ToJsonString());
                break;
        }
        return request;
    }

    /// <summary>With its length: simple receivers know no body in pieces.</summary>
    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    /// <summary>By the rules of Standard Webhooks: HMAC-SHA256 over id, time and body.</summary>
    private static string Sign(byte[] secret, string text) => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(text)))}";

    /// <summary>News as a person reads them.</summary>
    private readonly record struct News(string Title, string Text, bool IsPressing)
    {
        public static News Read(string body)
        {
            using var json = JsonDocument.Parse(body);
            var job = json.RootElement.GetProperty("data");
            var (state, id) = (Of(job, "state"), Of(job, "id"));
            var title = $"{VisibleText.Of(Of(job, "command"))}: {(state == JobStates.Held ? "waits for a person" : state)}";
            var text = state == JobStates.Held ? Why(job) : Of(job, state == JobStates.Done ? "result" : "error");
            return new News(title.Length > MostTitle ? title[..MostTitle] : title,
                $"{VisibleText.Of(text, lines: true)}\n{id}".TrimStart('\n'), state is JobStates.Failed or JobStates.Held);
        }

        private static string Why(JsonElement job) => string.Join('\n', job.GetProperty("holds").EnumerateArray().Select(static h => Of(h, "detail")));

        private static string Of(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
    }
}
