using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenClaw.Bot.Chat;

namespace OpenClaw.Bot.Discord;

/// <summary>Message bodies as Discord takes them.</summary>
internal static class DiscordMessages
{
    private const int LongestText = 2000;
    private const int ActionRow = 1;
    private const int ButtonComponent = 2;
    private const int SuccessStyle = 3;
    private const int DangerStyle = 4;
    private const int LongestButtonId = 100;

    public static MessagePayload ToPayload(MessageBody body)
    {
        return new MessagePayload
        {
            Content = body.Text is { Length: > LongestText } text ? text[..(LongestText - 1)] + "…" : body.Text,
            Components = body.Buttons is { Count: > 0 } buttons ? [new Component(ActionRow) { Components = [.. buttons.Select(ToComponent)] }] : [],
            Attachments = body.File is { } file ? [new Attachment("0", file.Name)] : null,
        };
    }

    public static HttpContent ToContent(MessagePayload payload, TextFile? file)
    {
        var json = ToJson(payload, DiscordJson.Default.MessagePayload);
        if (file is null) return json;
        var bytes = new ByteArrayContent(Encoding.UTF8.GetBytes(file.Content));
        bytes.Headers.ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" };
        var form = new MultipartFormDataContent("openclaw-" + Guid.NewGuid().ToString("n"));
        Add(form, json, "payload_json", null);
        Add(form, bytes, "files[0]", file.Name);
        // Some readers take the quotes that .NET puts around the boundary for a part of it.
        var boundary = form.Headers.ContentType!.Parameters.Single(p => p.Name == "boundary");
        boundary.Value = boundary.Value!.Trim('"');
        return form;
    }

    /// <summary>The call that opens the channel of direct messages with a user, or finds it.</summary>
    public static RestCall OpenDirect(string userId) => new(HttpMethod.Post, "/users/@me/channels")
    {
        Body = () => ToJson(new NewDirectChannel(userId), DiscordJson.Default.NewDirectChannel),
    };

    public static ByteArrayContent ToJson<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static void Add(MultipartFormDataContent form, HttpContent part, string name, string? fileName)
    {
        part.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
        {
            Name = $"\"{name}\"",
            FileName = fileName is null ? null : $"\"{fileName}\"",
        };
        form.Add(part);
    }

    private static Component ToComponent(Button button) => new(ButtonComponent)
    {
        Style = button.Dangerous ? DangerStyle : SuccessStyle,
        Label = button.Label,
        CustomId = button.Id.Length <= LongestButtonId ? button.Id : throw new ArgumentException("the button's id is too long", nameof(button)),
    };
}
