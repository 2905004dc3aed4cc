using System.Globalization;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Chat;

/// <summary>Jobs as messages.</summary>
internal static class Rendering
{
    private const int LongestMessage = 1950;
    private const int LongestName = 150;

    public const string BrokerAway = "The broker can't be reached right now.";

    public static MessageBody Waiting(TrackedJob job) =>
        new($"{BrokerAway} Your `{job.Command}` is kept and will be sent as soon as it is back.");

    public static MessageBody Progress(string id, string command, JobView? view, bool away, bool late)
    {
        var name = $"Job `{id}` ({Markdown.Code(command)})";
        if (away) return new($"{name}: {BrokerAway} This message goes on when it is back.");
        var state = view is { Status: JobStatuses.Running }
            ? "**running**" + (view.WorkerId is { } worker ? " on " + Markdown.Code(Clip(worker)) : "")
            : "**queued**";
        if (view is { CancelRequested: true }) state += ", asked to stop";
        return late
            ? new($"{name}: still {state}. Job ID: {id} (try: `status {id}`)\nThe result will be shown here when it ends.")
            : new($"{name}: {state}. Waiting for the result…");
    }

    /// <summary>A job that has ended, in the words of its command.</summary>
    public static MessageBody Final(string id, string command, JobView view)
    {
        var name = $"Job `{id}` ({Markdown.Code(command)})";
        if (view.Status != JobStatuses.Done) return Failed(name, id, view);
        var result = view.Result ?? "";
        return Known(view.Command, result) is { } text && text.Length + name.Length < LongestMessage - 20
            ? new($"{name}: **done**\n{text}")
            : WithText($"{name}: **done**", result.Length == 0 ? "(no result)" : result, id);
    }

    /// <summary>A job as it is, its result as it came.</summary>
    public static MessageBody Status(string id, JobView view) => view.Status switch
    {
        JobStatuses.Done => WithText($"Job `{id}`: **done**", string.IsNullOrEmpty(view.Result) ? "(no result)" : view.Result, id),
        JobStatuses.Failed => Failed($"Job `{id}`", id, view),
        JobStatuses.Running => new($"Job `{id}`: **running**{(view.WorkerId is { } worker ? " on " + Markdown.Code(Clip(worker)) : "")}"),
        _ => new($"Job `{id}`: **{(view.Status == JobStatuses.Queued ? "queued" : Markdown.Inline(Clip(view.Status)))}**"),
    };

    /// <summary>The plan in a result of <c>plan_echo</c>, if it is one.</summary>
    public static string? PlanIdOf(JobView view) =>
        view is { Status: JobStatuses.Done, Command: "plan_echo", Result: { } result } && Object(result) is { } plan ? Field(plan, "plan_id") : null;

    public static MessageBody WithoutFile(MessageBody body, int size) =>
        body with { File = null, Text = $"{body.Text}\n(The whole, {size:N0} bytes, is larger than this chat takes as a file.)" };

    private static MessageBody Failed(string name, string id, JobView view)
    {
        var error = view.Error ?? view.Result ?? "unknown";
        return view.State == JobStates.Cancelled || error.StartsWith("cancelled", StringComparison.Ordinal)
            ? WithText($"{name}: **cancelled**", error, id)
            : WithText($"{name}: **failed**\nError:", error, id);
    }

    private static MessageBody WithText(string header, string text, string id)
    {
        var whole = $"{header}\n{Markdown.Block(text)}";
        if (whole.Length <= LongestMessage) return new(whole);
        for (var most = 1500; ; most /= 2)
        {
            var excerpt = Excerpt.Of(text, most);
            var cut = $"{header} ({(excerpt.AllLines > excerpt.Lines
                ? string.Create(CultureInfo.InvariantCulture, $"first {excerpt.Lines} of {excerpt.AllLines} lines")
                : string.Create(CultureInfo.InvariantCulture, $"first {excerpt.Text.Length:N0} of {text.Length:N0} characters"))}; the whole is in the file)\n{Markdown.Block(excerpt.Text)}";
            if (cut.Length <= LongestMessage) return new(cut, File: new TextFile($"job-{id[..Math.Min(8, id.Length)]}.txt", text));
        }
    }

    private static string? Known(string command, string result)
    {
        if (command is not ("capabilities" or "plan_echo" or "approve_echo") || Object(result) is not { } data) return null;
        return command switch
        {
            "capabilities" => $"Worker: {Markdown.Code(Field(data, "worker_id") ?? "?")}\nCapabilities: {string.Join(", ", Items(data, "capabilities").Select(Markdown.Inline))}",
            "plan_echo" => Plan(data),
            _ => $"Status: {Markdown.Inline(Field(data, "status") ?? "?")}" + (Field(data, "note") is { Length: > 0 } note ? "\n" + Words(note) : ""),
        };
    }

    private static string? Plan(JsonElement data)
    {
        if (Field(data, "plan_id") is not { } id) return null;
        return $"Plan ID: {Markdown.Code(id)}\nSummary: {Words(Field(data, "summary") ?? "")}\nTo apply: {Markdown.Code("approve " + id)}";
    }

    /// <summary>Words of a line in the line; everything else in a block.</summary>
    private static string Words(string text) =>
        text.Contains('\n', StringComparison.Ordinal) || text.Contains('`', StringComparison.Ordinal) ? "\n" + Markdown.Block(text) : Markdown.Inline(text);

    private static JsonElement? Object(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Field(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? TextOf(value) : null;

    private static IEnumerable<string> Items(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(TextOf) : [];

    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText();
        }
    }

    private static string Clip(string name) => name.Length <= LongestName ? name : name[..LongestName] + "…";
}
