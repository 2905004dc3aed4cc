using System.Globalization;
using System.Net;
using System.Text.Json;

namespace OpenClaw.Bot.Discord;

/// <summary>One request to Discord's REST API.</summary>
/// <param name="Path">Below the API's base, with its ids.</param>
internal sealed record RestCall(HttpMethod Method, string Path)
{
    /// <summary>Makes the body; called once for each try.</summary>
    public Func<HttpContent>? Body { get; init; }

    /// <summary>What Discord counts this call under until it names a bucket: the path without ids.</summary>
    public string Route { get; init; } = Path;

    /// <summary>The id that each bucket is kept apart by: a channel, a webhook.</summary>
    public string Major { get; init; } = "";

    /// <summary>Whether a second try is harmless after the first one's answer was lost.</summary>
    public bool Repeatable { get; init; } = true;

    /// <summary>Interactions and their webhooks carry a token of their own in the path.</summary>
    public bool OwnToken { get; init; }

    /// <summary>Interaction callbacks: outside the global limit and any bucket, and on a connection of their own.</summary>
    public bool Immediate { get; init; }
}

/// <param name="Status">0: no answer, after all tries.</param>
internal sealed record RestAnswer(int Status, JsonElement Body)
{
    /// <summary>Why there is no answer, where there is none.</summary>
    public string? Reason { get; private init; }

    public static RestAnswer None(string reason) => new(0, default) { Reason = reason };

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Nobody can say whether it was done.</summary>
    public bool IsUncertain => Status is 0 or >= 500;

    /// <summary>Discord's own error code, as 10008 for an unknown message.</summary>
    public int? Code => (int?)Body.Number("code");

    public static RestAnswer Read(HttpStatusCode status, byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return new RestAnswer((int)status, document.RootElement.Clone());
        }
        catch (JsonException)
        {
            return new RestAnswer((int)status, default);
        }
    }

    public override string ToString() => Reason is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Status}{(Code is { } code ? $" code {code}" : "")} {Body.Text("message")}").Trim()
        : $"no answer: {Reason}";
}
