using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Models;

/// <summary><c>llm_task</c>: asks the model once. <c>llm_agentic</c>: lets it use tools until it has its answer, and says each step.</summary>
/// <param name="find">A command that may be a tool; null for <c>llm_task</c>, which has none.</param>
internal sealed class ModelHandler(ModelSettings settings, ModelClient client, TimeProvider clock, Func<string, OwnCommand?>? find = null) : IHandler
{
    private static readonly JsonElement TaskSchema = JsonDocument.Parse(
        """{"type": "object", "properties": {"prompt": {"type": "string"}, "system": {"type": "string"} }, "required": ["prompt"]}""").RootElement;

    private static readonly JsonElement AgenticSchema = JsonDocument.Parse("""
        {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}, "system": {"type": "string"},
          "max_steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
          "tools": {"type": "array", "items": {"type": "string"}, "description": "Of the allowed tools these alone"} } }
        """).RootElement;

    public static IReadOnlyList<string> Names { get; } = ["llm_task", "llm_agentic"];

    /// <summary>Both; none where no model is asked.</summary>
    /// <param name="find">A command that may be a tool.</param>
    public static IEnumerable<KeyValuePair<string, IHandler>> All(ModelSettings? settings, TimeProvider clock, Func<string, OwnCommand?> find)
    {
        if (settings is null) return [];
        var client = new ModelClient(settings); // For as long as the runner lives.
        return
        [
            KeyValuePair.Create<string, IHandler>("llm_task", new ModelHandler(settings, client, clock)),
            KeyValuePair.Create<string, IHandler>("llm_agentic", new ModelHandler(settings, client, clock, find)),
        ];
    }

    public ServedCommand Told(string command) => find is null
        ? new ServedCommand(command, "Asks a language model, and answers with what it says", TaskSchema)
        : new ServedCommand(command, "Has a language model work on something with tools, and answers with what it says in the end", AgenticSchema);

    public async Task<Outcome> RunAsync(JobContext job)
    {
        try
        {
            var payload = ModelPayload.Read(job.Payload);
            var steps = find is null ? 1 : payload.Steps;
            var tools = new ModelTools(settings, payload.Tools, find ?? (static _ => null), clock);
            return new Succeeded(JsonSerializer.Serialize(await TalkAsync(payload, steps, tools, job), ModelJson.Readable.ModelResult));
        }
        catch (PayloadException e)
        {
            return new Failed(e.Message, IsRetryable: false);
        }
        catch (ModelException e)
        {
            return new Failed(e.Message, e.MayPass);
        }
    }

    private async Task<ModelResult> TalkAsync(ModelPayload payload, int steps, ModelTools tools, JobContext job)
    {
        List<ChatMessage> messages = [.. payload.System is { Length: > 0 } system ? [new ChatMessage("system", system)] : Array.Empty<ChatMessage>(),
            new ChatMessage("user", payload.Prompt)];
        var tokens = new TokenCounts(0, 0, 0);
        for (var step = 1; step <= steps; step++)
        {
            // At the last step it may ask for nothing more, so that there is an answer.
            var turn = await client.AskAsync(messages, tools.All, mayCall: step < steps, job.Stop);
            tokens = tokens.Plus(turn.Usage);
            if (turn.Thinking.Length > 0) Say(job, "thinking", turn.Thinking, new StepFacts(step, tokens.Total));
            if (turn.Calls.Count == 0)
            {
                Say(job, "final", turn.Text, new StepFacts(step, tokens.Total));
                return new ModelResult(turn.Text, step, tokens, turn.Model);
            }
            if (turn.Text.Length > 0) Say(job, "message", turn.Text, new StepFacts(step));
            messages.Add(new ChatMessage("assistant", turn.Text, turn.Calls));
            foreach (var call in step < steps ? turn.Calls : []) messages.Add(await CallAsync(call, step, tools, job));
        }
        throw new ModelException($"the model had no answer after {steps} steps", mayPass: false);
    }

    private async Task<ChatMessage> CallAsync(ChatCall call, int step, ModelTools tools, JobContext job)
    {
        var (name, arguments) = (call.Function!.Name!, call.Function.Arguments!);
        var facts = new StepFacts(step, ToolName: name, ToolCallId: call.Id);
        Say(job, "tool_call", null, facts with { ToolArgs = JsonOf(arguments) });
        var (isDone, said) = await tools.RunAsync(name, arguments, job);
        job.Stop.ThrowIfCancellationRequested();
        var result = settings.WithoutKey(said);
        Say(job, "tool_result", result, facts with { Success = isDone });
        return new ChatMessage("tool", isDone ? result : $"error: {result}", ToolCallId: call.Id);
    }

    /// <summary>To those who watch; only a job with tools has steps.</summary>
    private void Say(JobContext job, string type, string? text, StepFacts facts)
    {
        if (find is null) return;
        job.Output.Chunk(type, text, JsonSerializer.SerializeToElement(facts, ModelJson.Readable.StepFacts));
    }

    /// <summary>Null of what is no JSON.</summary>
    private static JsonElement? JsonOf(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
