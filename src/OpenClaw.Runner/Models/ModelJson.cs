using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Models;

/// <summary>A request to the endpoint.</summary>
/// <param name="ToolChoice"><c>none</c> where the model is to answer.</param>
internal sealed record ChatRequest(
    string Model, IReadOnlyList<ChatMessage> Messages, bool Stream, StreamOptions StreamOptions, IReadOnlyList<ChatTool>? Tools, string? ToolChoice);

internal sealed record StreamOptions(bool IncludeUsage);

/// <param name="ToolCallId">Whose result it is.</param>
internal sealed record ChatMessage(string Role, string? Content, IReadOnlyList<ChatCall>? ToolCalls = null, string? ToolCallId = null);

/// <summary>The model asks for a tool. In a stream it comes in pieces, which <paramref name="Index"/> tells apart.</summary>
internal sealed record ChatCall(int? Index, string? Id, string? Type, CalledFunction? Function);

/// <param name="Arguments">JSON, as a text.</param>
internal sealed record CalledFunction(string? Name, string? Arguments);

internal sealed record ChatTool(string Type, ToolFunction Function);

/// <param name="Parameters">JSON schema.</param>
internal sealed record ToolFunction(string Name, string? Description, JsonElement Parameters);

/// <summary>A whole answer, or a piece of one.</summary>
internal sealed record ChatAnswer(IReadOnlyList<ChatChoice?>? Choices, ChatUsage? Usage, string? Model, JsonElement? Error);

internal sealed record ChatChoice(ChatPart? Message, ChatPart? Delta);

/// <param name="ReasoningContent">What the model thinks before it answers; endpoints have two names for it.</param>
internal sealed record ChatPart(string? Content, string? ReasoningContent, string? Reasoning, IReadOnlyList<ChatCall?>? ToolCalls);

internal sealed record ChatUsage(long? PromptTokens, long? CompletionTokens, long? TotalTokens);

/// <summary>The result of <c>llm_task</c> and <c>llm_agentic</c>.</summary>
/// <param name="Steps">How often the model was asked.</param>
internal sealed record ModelResult(string Answer, int Steps, TokenCounts Tokens, string Model);

internal sealed record TokenCounts(long Prompt, long Completion, long Total)
{
    public TokenCounts Plus(ChatUsage? usage) => usage is null ? this : new TokenCounts(
        Prompt + (usage.PromptTokens ?? 0), Completion + (usage.CompletionTokens ?? 0),
        Total + (usage.TotalTokens ?? (usage.PromptTokens ?? 0) + (usage.CompletionTokens ?? 0)));
}

/// <summary>What is said beside a step's text.</summary>
internal sealed record StepFacts(
    int Step, long? Tokens = null, string? ToolName = null, JsonElement? ToolArgs = null, string? ToolCallId = null, bool? Success = null);

[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatAnswer))]
[JsonSerializable(typeof(ModelResult))]
[JsonSerializable(typeof(StepFacts))]
internal sealed partial class ModelJson : JsonSerializerContext
{
    public static ModelJson Readable { get; } = new(new JsonSerializerOptions(ReadableJson.Options())
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}
