using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Http;

namespace OpenClaw.Broker.Jobs;

/// <summary>The members of a request that say how a job is to be treated; each null where it is missing.</summary>
internal static class JobFields
{
    /// <summary>The longest time that may be named: ten years.</summary>
    public const long MaxSeconds = 315_360_000;

    private const int MaxReasonBytes = 1000;
    private const int MaxTags = 16;
    private const int MaxTagBytes = 256;
    private const int MaxTagLength = 64;

    /// <summary>Why somebody does something, in their words, trimmed; null where it is blank.</summary>
    public static string? Reason(JsonField field, FieldErrors errors, string name = "reason") =>
        field.Type != JsonTokenType.Null && errors.OptionalText(name, field, MaxReasonBytes) is { } text
            && Encoding.UTF8.GetString(text).Trim() is { Length: > 0 } reason ? reason : null;

    /// <summary>The reason in a body that may also be empty.</summary>
    public static string? ReadReason(HttpContext context, byte[] body)
    {
        if (body.Length == 0) return null;
        var errors = new FieldErrors();
        var reason = Reason(RequestBody.Parse(context, body, "reason")[0], errors);
        errors.Check();
        return reason;
    }

    public static string? Queue(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null || errors.OptionalText("queue", field) is not { } text) return null;
        var name = Encoding.UTF8.GetString(text);
        if (!QueueNames.IsValid(name)) errors.Add("queue", QueueNames.Rule, "queue_name");
        return name;
    }

    public static int? Priority(JsonField field, FieldErrors errors) => (int?)errors.WholeNumber("priority", field, 1, 5);

    public static int? MaxAttempts(JsonField field, FieldErrors errors) => (int?)errors.WholeNumber("max_attempts", field, 1, 100);

    public static IReadOnlyList<string>? Tags(JsonField field, FieldErrors errors)
    {
        var tags = errors.Texts("tags", field, MaxTags, MaxTagBytes);
        if (tags?.Any(static t => t.Length > MaxTagLength) == true) errors.Add("tags", $"must be of at most {MaxTagLength} characters each", "too_long");
        return tags?.Distinct(StringComparer.Ordinal).ToList();
    }

    /// <summary>When it may run at the earliest, in milliseconds since 1970, and whether that is the end of a delay.</summary>
    public static (long? At, bool IsDelay) RunAt(JsonField date, JsonField delay, long now, FieldErrors errors)
    {
        var at = RunAt(date, errors);
        var ms = errors.Seconds("delay_seconds", delay, MaxSeconds, min: 0);
        if (at is not null && ms is not null) errors.Add("delay_seconds", "can't come with run_at: send the one or the other", "both");
        return ms is { } wait ? (now + wait, true) : (at, false);
    }

    public static long? RunAt(JsonField date, FieldErrors errors) => errors.WholeNumber("run_at", date, 0, uint.MaxValue * 2L) * 1000;

    public static string? SerialKey(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null || errors.OptionalText("serial_key", field) is not { } text) return null;
        var key = Encoding.UTF8.GetString(text);
        if (key.Length is 0 or > SerialKeys.MaxLength || key.Any(char.IsControl))
        {
            errors.Add("serial_key", $"must have 1 to {SerialKeys.MaxLength} characters, none of them a control character", "serial_key");
        }
        return key;
    }

    /// <param name="payload">Its hash is the key where none is named.</param>
    public static Unique? Unique(JsonField field, byte[] payload, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        if (field.Type != JsonTokenType.StartObject)
        {
            errors.Add("unique", "must be an object of key, within_seconds and on_conflict, each of which may be missing", "object_type");
            return null;
        }
        var fields = RequestBody.ParseMembers(field.Json, "key", "within_seconds", "on_conflict");
        var key = fields[0].Type == JsonTokenType.Null ? null : errors.OptionalText("unique.key", fields[0]) is { } text ? Encoding.UTF8.GetString(text) : null;
        if (key is { Length: 0 or > Jobs.Unique.MaxLength } || key?.Any(char.IsControl) == true)
        {
            errors.Add("unique.key", $"must have 1 to {Jobs.Unique.MaxLength} characters, none of them a control character", "unique_key");
        }
        var word = fields[2].Text is { } sent ? Encoding.UTF8.GetString(sent) : fields[2].Type is JsonTokenType.None or JsonTokenType.Null ? "return" : "";
        OnConflict? conflict = word switch
        {
            "return" => OnConflict.Return,
            "replace" => OnConflict.Replace,
            "reject" => OnConflict.Reject,
            "keep_latest" => OnConflict.KeepLatest,
            _ => null,
        };
        if (conflict is null) errors.Add("unique.on_conflict", "must be return, replace, reject or keep_latest", "enum");
        return new Unique(key ?? Convert.ToHexStringLower(SHA256.HashData(payload)), errors.Seconds("unique.within_seconds", fields[1], MaxSeconds),
            conflict ?? OnConflict.Return);
    }

    /// <summary>The jobs to wait for: each an id, or an object of <c>id</c> or <c>ref</c> and <c>if_failed</c>.</summary>
    public static IReadOnlyList<ParentName> DependsOn(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return [];
        if (field.Type == JsonTokenType.StartArray)
        {
            using var list = JsonDocument.Parse(field.Json);
            if (list.RootElement.GetArrayLength() <= Parent.Most) return Read([.. list.RootElement.EnumerateArray()]);
        }
        errors.Add("depends_on", $"must be a list of at most {Parent.Most} jobs", "list_type");
        return [];

        List<ParentName> Read(List<JsonElement> items)
        {
            var parents = new List<ParentName>();
            for (var n = 0; n < items.Count; n++)
            {
                var isObject = items[n].ValueKind == JsonValueKind.Object;
                var name = isObject ? Text(items[n], "id") ?? Text(items[n], "ref") : FieldErrors.TextOf(items[n]);
                var policy = isObject && items[n].TryGetProperty("if_failed", out var said) && said.ValueKind != JsonValueKind.Null
                    ? IfFailedNames.Parse(FieldErrors.TextOf(said)) : IfFailed.Fail;
                if (name is null) errors.Add($"depends_on.{n}", "must be a job's id, or an object such as {\"id\": \"…\", \"if_failed\": \"run\"}", "parent");
                else if (policy is null) errors.Add($"depends_on.{n}.if_failed", "must be fail, cancel, run or hold", "enum");
                else if (parents.Any(p => p.Name == name)) errors.Add($"depends_on.{n}", "is there twice", "value_error");
                else parents.Add(new ParentName(name, policy.Value));
            }
            return parents;
        }

        static string? Text(JsonElement item, string member) => item.TryGetProperty(member, out var value) ? FieldErrors.TextOf(value) : null;
    }

    /// <summary>Whose yes it needs: <c>true</c>, or an object of <c>by</c>, <c>timeout_seconds</c> and <c>note</c>.</summary>
    public static Approval? Approval(JsonField field, FieldErrors errors)
    {
        switch (field.Type)
        {
            case JsonTokenType.None or JsonTokenType.Null or JsonTokenType.False:
                return null;
            case JsonTokenType.True:
                return new Approval(null, Jobs.Approval.DefaultTimeoutMs, null);
            case JsonTokenType.StartObject:
                var fields = RequestBody.ParseMembers(field.Json, "by", "timeout_seconds", "note");
                var by = errors.Texts("approval.by", fields[0], Jobs.Approval.MostNames, MaxTagBytes);
                if (by is []) errors.Add("approval.by", "names nobody; leave it out for every approver", "too_short");
                return new Approval(by, errors.Seconds("approval.timeout_seconds", fields[1], MaxSeconds) ?? Jobs.Approval.DefaultTimeoutMs,
                    Reason(fields[2], errors, "approval.note"));
            default:
                errors.Add("approval", "must be true, or an object of by, timeout_seconds and note, each of which may be missing", "object_type");
                return null;
        }
    }

    /// <param name="isDelivered">Whether anybody may deliver it.</param>
    public static Webhook? Webhook(JsonField field, bool isDelivered, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        if (!isDelivered)
        {
            errors.Add("webhook", $"is switched off here: nobody would deliver it. Set {BrokerVariables.DeliverToken} and start openclaw-broker --deliver "
                + "(docs/webhooks.md), or leave it out", "webhooks_off");
            return null;
        }
        if (field.Type != JsonTokenType.StartObject)
        {
            errors.Add("webhook", "must be an object, such as {\"url\": \"https://example.org/hook\", \"on\": [\"failed\"]}", "object_type");
            return null;
        }
        var fields = RequestBody.ParseMembers(field.Json, "url", "on");
        var url = Encoding.UTF8.GetString(errors.Text("webhook.url", fields[0]));
        if (fields[0].Text is not null && !Jobs.Webhook.IsAddress(url))
        {
            errors.Add("webhook.url", $"must be an address of at most {Jobs.Webhook.MaxUrlLength} characters such as {Jobs.Webhook.Example}", "url");
        }
        var on = errors.Texts("webhook.on", fields[1], Jobs.Webhook.All.Count, MaxTagBytes);
        if (on is [] || on?.Any(static state => !Jobs.Webhook.All.Contains(state)) == true)
        {
            errors.Add("webhook.on", $"must be a list of some of: {string.Join(", ", Jobs.Webhook.All)}", "enum");
        }
        return new Webhook(url, on is null ? Jobs.Webhook.Ends : [.. on.Distinct(StringComparer.Ordinal)]);
    }

    public static Guid? Batch(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null || errors.OptionalText("batch", field) is not { } text) return null;
        if (Guid.TryParseExact(Encoding.UTF8.GetString(text), "D", out var id)) return id;
        errors.Add("batch", "must be the id of a batch, as POST /jobs/batch answered it", "uuid");
        return null;
    }

    public static Backoff Backoff(JsonField field, FieldErrors errors)
    {
        var backoff = Jobs.Backoff.Default;
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return backoff;
        if (field.Type == JsonTokenType.StartObject)
        {
            var fields = RequestBody.ParseMembers(field.Json, "initial_seconds", "max_seconds", "factor");
            return new Backoff(errors.Number("backoff.initial_seconds", fields[0], 0, MaxSeconds) ?? backoff.InitialSeconds,
                errors.Number("backoff.max_seconds", fields[1], 0, MaxSeconds) ?? backoff.MaxSeconds, errors.Number("backoff.factor", fields[2], 1, 100)
                    ?? backoff.Factor);
        }
        errors.Add("backoff", "must be an object, such as {\"initial_seconds\": 5, \"max_seconds\": 900, \"factor\": 2}", "object_type");
        return backoff;
    }
}
