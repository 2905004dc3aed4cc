using System.Text.Json;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Signatures are for runners that trust no broker: here only their form is looked at, and they are handed on.</summary>
internal static class JobSignatures
{
    private const int MaxBytes = 1024;

    /// <summary>The signature's JSON, made anew from its members; null where there is none.</summary>
    public static string? Read(JsonField field, FieldErrors errors)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        try
        {
            if (field.Json.Length <= MaxBytes && JsonSerializer.Deserialize(field.Json.Span, WireJson.Default.Signature) is { } signature)
            {
                return JsonSerializer.Serialize(signature, WireJson.Default.Signature);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Said below.
        }
        errors.Add("signature", $"must be an object of key, nonce, not_after and value, of at most {MaxBytes} bytes", "signature");
        return null;
    }
}
