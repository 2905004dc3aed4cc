using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>Collects what is wrong with a body's members.</summary>
/// <param name="within">Where in the body the object stands whose members they are.</param>
internal sealed class FieldErrors(params string[] within)
{
    private readonly List<FieldError> errors = [];

    /// <summary>A member that must be a string, of so many bytes in UTF-8.</summary>
    public byte[] Text(string name, JsonField field, int minBytes = 0, int maxBytes = int.MaxValue)
    {
        if (field.Type == JsonTokenType.None) return Missing(name);
        if (OptionalText(name, field, maxBytes) is not { } text) return [];
        if (text.Length < minBytes) Add(name, $"must have at least {minBytes} byte", "too_short");
        return text;
    }

    /// <summary>A member that must be a string, of at most so many bytes in UTF-8, where it is there.</summary>
    public byte[]? OptionalText(string name, JsonField field, int maxBytes = int.MaxValue)
    {
        if (field.Type is not (JsonTokenType.None or JsonTokenType.String)) Add(name, "must be a string", "string_type");
        if (field.Text?.Length > maxBytes) Add(name, $"has {field.Text.Length} bytes; the limit is {maxBytes}", "too_long");
        return field.Text;
    }

    /// <summary>A member that must be a list of strings, each of 1 to so many bytes in UTF-8, where it is there; null where it isn't.</summary>
    public List<string>? Texts(string name, JsonField field, int mostItems, int maxBytes)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        if (field.Type == JsonTokenType.StartArray)
        {
            using var list = JsonDocument.Parse(field.Json);
            if (list.RootElement.GetArrayLength() <= mostItems && list.RootElement.EnumerateArray().All(e => TextOf(e) is { Length: > 0 } text
                && Encoding.UTF8.GetByteCount(text) <= maxBytes))
            {
                return [.. list.RootElement.EnumerateArray().Select(static e => e.GetString()!)];
            }
        }
        Add(name, $"must be a list of at most {mostItems} strings of 1 to {maxBytes} bytes", "list_type");
        return null;
    }

    /// <summary>A member that must be a whole number, where it is there; null where it isn't.</summary>
    public long? WholeNumber(string name, JsonField field, long min, long max)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        if (field.Type == JsonTokenType.Number && Utf8Parser.TryParse(field.Json.Span, out long number, out var read) && read == field.Json.Length
            && number >= min && number <= max) return number;
        Add(name, $"must be a whole number from {min} to {max}", "int_type");
        return null;
    }

    /// <summary>A member that must be a number of seconds, where it is there; in milliseconds, null where it isn't.</summary>
    public long? Seconds(string name, JsonField field, long max, double min = 0.001)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        if (field.Type == JsonTokenType.Number && Utf8Parser.TryParse(field.Json.Span, out double number, out var read) && read == field.Json.Length
            && number >= min && number <= max) return (long)Math.Round(number * 1000);
        Add(name, $"must be a number of seconds {(min > 0 ? "above 0" : "from 0")} up to {max}", "float_type");
        return null;
    }

    /// <summary>A member that must be true or false, where it is there.</summary>
    public bool Flag(string name, JsonField field)
    {
        if (field.Type is JsonTokenType.True) return true;
        if (field.Type is not (JsonTokenType.None or JsonTokenType.Null or JsonTokenType.False)) Add(name, "must be true or false", "bool_type");
        return false;
    }

    /// <summary>A member that must be a number, where it is there; null where it isn't.</summary>
    public double? Number(string name, JsonField field, double min, double max)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        if (field.Type == JsonTokenType.Number && Utf8Parser.TryParse(field.Json.Span, out double number, out var read) && read == field.Json.Length
            && number >= min && number <= max) return number;
        Add(name, $"must be a number from {min} to {max}", "float_type");
        return null;
    }

    /// <param name="name">Its path in the body, with dots between.</param>
    public void Add(string name, string message, string type) => Add(name.Split('.'), message, type);

    /// <param name="path">Where in the body it stands.</param>
    public void Add(IReadOnlyList<string> path, string message, string type) => errors.Add(new FieldError(["body", .. within, .. path], message, type));

    /// <exception cref="ProblemException">Something is wrong.</exception>
    public void Check()
    {
        if (errors.Count > 0) throw new ProblemException(ErrorCodes.Invalid, errors);
    }

    /// <summary>The text of a string; null of anything else.</summary>
    public static string? TextOf(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair
        }
    }

    private byte[] Missing(string name)
    {
        Add(name, "field required", "missing");
        return [];
    }
}
