using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Models;
using OpenClaw.Runner.Tests.Repositories;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Models;

/// <summary>A model whose answers the test decides, and a runner with a repository and commands of its own that asks it.</summary>
internal sealed class ModelTrial : IAsyncDisposable
{
    public const string Key = "sk-key-that-nobody-may-see";

    private readonly RepositoryTrial repository = new();
    private readonly ScriptedBroker endpoint;
    private readonly ServedCommands served;
    private readonly Queue<ScriptedAnswer> answers;
    private int asked;

    /// <param name="answers">One for each time that it is asked; then it answers no more.</param>
    public ModelTrial(string allowed, params ScriptedAnswer[] answers)
    {
        this.answers = new(answers);
        endpoint = new ScriptedBroker(_ => Interlocked.Increment(ref asked) > 0 && this.answers.Count > 0 ? this.answers.Dequeue() : ScriptedAnswer.Hold);
        var runner = new RunnerContext("worker-1", repository.State, TimeProvider.System);
        served = ServedCommands.Of(runner, repository.Settings, new ModelSettings
        {
            Completions = new Uri(endpoint.Url, "/v1/chat/completions"), Model = "small", Key = Key, AllowedTools = allowed.Split(','),
        });
        var (commands, problems) = Commands.Trial.Read("""
            {"commands": {
              "greet.loud": {"description": "Says hello", "program": "sh", "arguments": ["-c", "echo HELLO $1", "greet", "{name}"],
                "schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"} } } },
              "echo": {"program": "cat", "payload": "stdin"},
              "slow": {"program": "sleep", "arguments": ["600"], "timeout_seconds": 1},
              "deploy": {"program": "touch", "arguments": ["MARKER"], "requires_approval": true} } }
            """.Replace("MARKER", repository.Marker, StringComparison.Ordinal));
        Assert.Equal([], problems);
        var hidden = new Hidden(repository.State, []);
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException();
        var own = new Dictionary<string, OwnCommand>();
        foreach (var command in commands) own.Add(command.Name, new OwnCommand(new CommandHandler(command, runner, hidden), command.Told));
        served.Replace(own);
    }

    public Steps Output { get; } = new();

    public bool HasDeployed => File.Exists(repository.Marker);

    /// <summary>What the endpoint was sent, in order.</summary>
    public List<JsonNode> Requests { get; } = [];

    public async Task<Outcome> RunAsync(string command, string payload, CancellationToken stop = default)
    {
        var handler = served.Find(command)!;
        var outcome = await handler.RunAsync(new JobContext
        {
            Id = Commands.Trial.JobId, Attempt = 1, Command = command, Payload = payload, Stop = stop, Output = Output,
        });
        for (var n = Requests.Count; n < Volatile.Read(ref asked); n++)
        {
            var request = await endpoint.NextAsync("");
            Assert.Equal(("/v1/chat/completions", $"Bearer {Key}"), (request.Path, request.Headers["Authorization"]));
            Assert.DoesNotContain(Key, request.Body, StringComparison.Ordinal);
            Requests.Add(JsonNode.Parse(request.Body)!);
        }
        var told = JsonSerializer.Serialize(outcome as object) + string.Join('\n', Output.All);
        Assert.DoesNotContain(Key, told, StringComparison.Ordinal);
        return outcome;
    }

    public async Task<JsonElement> ResultAsync(string command, string payload)
    {
        var outcome = await RunAsync(command, payload);
        return JsonDocument.Parse((outcome as Succeeded ?? throw new InvalidOperationException(outcome.ToString())).Result).RootElement;
    }

    /// <summary>What the model got to see of the tools that it had asked for.</summary>
    public IEnumerable<string> ToolResults =>
        Requests[^1]["messages"]!.AsArray().Where(static m => (string?)m!["role"] == "tool").Select(static m => (string)m!["content"]!);

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        served.Dispose();
        repository.Dispose();
    }

    /// <summary>A whole answer.</summary>
    public static ScriptedAnswer Says(string text) => ScriptedAnswer.Ok($$"""
        {"model": "small-1", "choices": [{"index": 0, "message": {"role": "assistant", "content": {{Quote(text)}} } }],
         "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15} }
        """);

    /// <summary>A whole answer that asks for a tool.</summary>
    public static ScriptedAnswer Calls(string tool, string arguments, string id = "call-1") => ScriptedAnswer.Ok($$"""
        {"model": "small-1", "choices": [{"index": 0, "message": {"role": "assistant", "content": null, "tool_calls": [
          {"id": "{{id}}", "type": "function", "function": {"name": "{{tool}}", "arguments": {{Quote(arguments)}} } }]} }],
         "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15} }
        """);

    /// <summary>An answer in pieces.</summary>
    public static ScriptedAnswer Stream(params string[] pieces)
    {
        var events = ": hello\n\n" + string.Concat(pieces.Select(static p => $"data: {p}\n\n")) + "data: [DONE]\n\n";
        return ScriptedAnswer.Ok(events) with { ContentType = "text/event-stream" };
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text);
}

/// <summary>The steps that a job says.</summary>
internal sealed class Steps : IJobOutput
{
    public List<(string Type, string? Text, string Facts)> All { get; } = [];

    public void Write(OutputStream stream, string text) => throw new InvalidOperationException("a tool's own output is no output of the job's");

    public void Report(int percent, string? message) => throw new InvalidOperationException("a tool's own progress is no progress of the job's");

    public void Chunk(string type, string? content, JsonElement? metadata) => All.Add((type, content, metadata?.GetRawText() ?? ""));
}
