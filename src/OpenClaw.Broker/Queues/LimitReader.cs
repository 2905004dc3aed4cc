using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>Reads the limits that a queue is to have.</summary>
internal static class LimitReader
{
    private const int MostLimits = 100;
    private const int MostRunning = 1_000_000;
    private const int LongestSeconds = 24 * 3600;

    /// <exception cref="ProblemException">422: with the path of what is wrong.</exception>
    public static QueueLimit[] Read(JsonField field, string queue)
    {
        var errors = new FieldErrors();
        if (field.Type != JsonTokenType.StartArray) errors.Add("limits", "must be a list; [] takes the limits away", "list_type");
        errors.Check();
        var items = RequestBody.Items(field.Json);
        if (items.Count > MostLimits) errors.Add("limits", $"may hold at most {MostLimits}", "list_length");
        errors.Check();
        QueueLimit[] limits = [.. items.Select((item, i) => Limit(item, i, queue))];
        var twice = limits.GroupBy(static l => (l.By, l.Value)).FirstOrDefault(static g => g.Count() > 1);
        if (twice is not null) errors.Add("limits", $"may hold one for each {twice.Key.By.Name()} and value, with max_running and starts in it", "duplicate");
        errors.Check();
        return limits;
    }

    private static QueueLimit Limit(ReadOnlyMemory<byte> json, int index, string queue)
    {
        var errors = new FieldErrors("limits", index.ToString(CultureInfo.InvariantCulture));
        if (json.Span[0] != '{') errors.Add([], "must be an object of max_running, or starts and per_seconds, or all three", "object_type");
        errors.Check();
        var fields = RequestBody.ParseMembers(json, "by", "value", "max_running", "starts", "per_seconds");
        var by = fields[0].Type is JsonTokenType.None or JsonTokenType.Null ? LimitBy.Queue : LimitByNames.Parse(Text(fields[0]));
        if (by is null) errors.Add("by", $"must be {LimitByNames.All}", "enum");
        var value = fields[1].Type is JsonTokenType.None or JsonTokenType.Null ? null : Text(fields[1]);
        if (fields[1].Type is not (JsonTokenType.None or JsonTokenType.Null or JsonTokenType.String)) errors.Add("value", "must be a text", "string_type");
        else if (value is { Length: 0 }) errors.Add("value", "must name one; null means each by itself", "value_error");
        else if (value?.Length > JobReader.MaxCommandBytes) errors.Add("value", "is longer than any can be", "too_long");
        else if (by == LimitBy.Queue && value is not null && value != queue)
        {
            errors.Add("value", "must be the queue's own name, or missing", "value_error");
        }
        var running = errors.WholeNumber("max_running", fields[2], 0, MostRunning);
        var starts = errors.WholeNumber("starts", fields[3], 1, QueueRefills.MostStarts);
        var per = errors.Seconds("per_seconds", fields[4], LongestSeconds);
        if (starts is null != per is null) errors.Add("per_seconds", "comes with starts: so many in so many seconds", "both");
        else if (running is null && starts is null) errors.Add("max_running", "or starts and per_seconds: one of them must be there", "missing");
        errors.Check();
        return new QueueLimit(by!.Value, by == LimitBy.Queue ? null : value, (int?)running, (int?)starts, per ?? 0);
    }

    private static string? Text(JsonField field) => field.Text is { } text ? Encoding.UTF8.GetString(text) : null;
}
