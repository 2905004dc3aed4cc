using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Where a job's news go.</summary>
/// <param name="Url">With its secrets: only who delivers sees it whole.</param>
/// <param name="On">The states of which it is told, some of <see cref="Ends"/> and held.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Webhook")]
internal sealed record Webhook([property: Id(0)] string Url, [property: Id(1)] IReadOnlyList<string> On)
{
    public const int MaxUrlLength = 2048;

    public const string Example = "https://example.org/hook, ntfy+https://ntfy.sh/topic or gotify+https://TOKEN@push.example.org";

    /// <summary>What is told where nobody says what.</summary>
    public static readonly IReadOnlyList<string> Ends = [JobStates.Done, JobStates.Failed, JobStates.Cancelled];

    public static readonly IReadOnlyList<string> All = [.. Ends, JobStates.Held];

    private static readonly string[] Schemes = ["https", "http", "ntfy+https", "ntfy+http", "gotify+https", "gotify+http"];

    /// <summary>The address as people may see it: who has the rest of it may write there.</summary>
    public string Shown
    {
        get
        {
            var url = new Uri(Url);
            return url.PathAndQuery.Length <= 1 && url.UserInfo.Length == 0 ? Url : $"{url.Scheme}://{url.Authority}/…";
        }
    }

    public static bool IsAddress(string text) => text.Length <= MaxUrlLength && text.All(static c => c > ' ' && c != '\u007f')
        && Uri.TryCreate(text, UriKind.Absolute, out var url) && Schemes.Contains(url.Scheme) && url.Host.Length > 0 && url.Fragment.Length == 0;

    public static string? Format(Webhook? hook) => hook is null ? null : JsonSerializer.Serialize(hook, WebhookJson.Default.Webhook);

    public static Webhook? Parse(string? text) => text is null ? null : JsonSerializer.Deserialize(text, WebhookJson.Default.Webhook);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Webhook))]
internal sealed partial class WebhookJson : JsonSerializerContext;
