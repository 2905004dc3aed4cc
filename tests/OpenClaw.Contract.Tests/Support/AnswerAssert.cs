using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests.Support;

/// <summary>What tests say about answers.</summary>
internal static class AnswerAssert
{
    /// <summary>The status, and the answer for whatever comes next.</summary>
    public static Answer Is(this Answer answer, int status)
    {
        Assert.True(answer.Status == status, $"expected {status}, got {answer}");
        return answer;
    }

    /// <summary>The status and exactly this body; the order of keys is free.</summary>
    public static void IsExactly(this Answer answer, int status, string json)
    {
        answer.Is(status);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(answer.Text), JsonNode.Parse(json)), $"expected {json}, got {answer}");
    }

    /// <summary>An error with this text as its <c>detail</c>.</summary>
    public static Answer IsRefused(this Answer answer, int status, string? detail = null)
    {
        answer.Is(status);
        Assert.StartsWith("application/", answer.ContentType, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, answer["detail"].ValueKind);
        if (detail is not null) Assert.Equal(detail, answer["detail"].GetString());
        return answer;
    }

    /// <summary>A 422 with one entry for each of these places, such as <c>body.payload</c>.</summary>
    public static void IsInvalid(this Answer answer, params string[] places)
    {
        answer.Is(422);
        var entries = answer["detail"].EnumerateArray().ToList();
        foreach (var entry in entries)
        {
            Assert.False(string.IsNullOrEmpty(entry.Text("msg")));
            Assert.False(string.IsNullOrEmpty(entry.Text("type")));
        }
        Assert.Equal(places.Order(), entries.Select(e => string.Join('.', e.GetProperty("loc").EnumerateArray())).Order());
    }

    /// <summary>A 422 about the body, whichever of its fields it names.</summary>
    public static void IsInvalidBody(this Answer answer)
    {
        answer.Is(422);
        Assert.NotEmpty(answer["detail"].EnumerateArray());
        Assert.All(answer["detail"].EnumerateArray(), entry => Assert.Equal("body", entry.GetProperty("loc")[0].GetString()));
    }

    /// <summary>Exactly these keys, each once.</summary>
    public static void HasKeys(this JsonElement element, params string[] keys) =>
        Assert.Equal(keys.Order(), element.EnumerateObject().Select(p => p.Name).Order());
}
