using OpenClaw.Programs;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Models;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Models;

/// <summary>A model is asked once, or until it has its answer.</summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData("""{"prompt": "Why?", "system": "Be short."}""", "Be short.", "Why?")]
    [InlineData("""{"prompt": "Why?"}""", null, "Why?")]
    [InlineData("Why?", null, "Why?")]
    [InlineData("{not JSON", null, "{not JSON")]
    public async Task AnAnswerIsTheResult(string payload, string? system, string prompt)
    {
        await using var trial = new ModelTrial("", ModelTrial.Says("Because \"ä\"."));
        Assert.Equal(
            """{"answer":"Because \"ä\".","steps":1,"tokens":{"prompt":10,"completion":5,"total":15},"model":"small-1"}""",
            Assert.IsType<Succeeded>(await trial.RunAsync("llm_task", payload)).Result);
        var request = Assert.Single(trial.Requests);
        Assert.Equal("small", (string?)request["model"]);
        Assert.Null(request["tools"]);
        string?[] expected = system is null ? ["user", prompt] : ["system", system, "user", prompt];
        Assert.Equal(expected, request["messages"]!.AsArray().SelectMany(static m => (string?[])[(string?)m!["role"], (string?)m["content"]]));
        Assert.Empty(trial.Output.All);
    }

    [Fact]
    public async Task AnAnswerInPiecesIsPutTogether()
    {
        await using var trial = new ModelTrial("", ModelTrial.Stream(
            """{"model": "small-1", "choices": [{"delta": {"role": "assistant", "content": ""}}]}""",
            """{"choices": [{"delta": {"reasoning_content": "Hm"}}]}""",
            """{"choices": [{"delta": {"content": "Be"}}]}""",
            """{"choices": [{"delta": {"content": "cause."}, "finish_reason": "stop"}]}""",
            """{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}"""));
        Assert.Equal("""{"answer":"Because.","steps":1,"tokens":{"prompt":3,"completion":4,"total":7},"model":"small-1"}""",
            Assert.IsType<Succeeded>(await trial.RunAsync("llm_agentic", "Why?")).Result);
        Assert.Equal([("thinking", "Hm", """{"step":1,"tokens":7}"""), ("final", "Because.", """{"step":1,"tokens":7}""")], trial.Output.All);
    }

    [Fact]
    public async Task ToolsAreUsedUntilThereIsAnAnswer()
    {
        await using var trial = new ModelTrial("repo_grep,greet.loud,echo",
            ModelTrial.Calls("repo_grep", """{"repo": "shop", "query": "price"}"""),
            ModelTrial.Stream(
                """{"choices": [{"delta": {"content": "Now I greet."}}]}""",
                """{"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "greet_loud", "arguments": ""}}]}}]}""",
                """{"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{\"name\": "}}]}}]}""",
                """{"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "\"$(id)\"}"}}]}}]}""",
                """{"choices": [{"delta": {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "echo", "arguments": "{\"payload\": \"x\"}"}}]}}]}"""),
            ModelTrial.Says("Done."));
        var result = await trial.ResultAsync("llm_agentic", """{"prompt": "Work"}""");
        Assert.Equal(("Done.", 3, 30), (result.GetProperty("answer").GetString(), result.GetProperty("steps").GetInt32(),
            result.GetProperty("tokens").GetProperty("total").GetInt32()));
        Assert.Equal(["repo_grep", "greet_loud", "echo"], trial.Requests[0]["tools"]!.AsArray().Select(static t => (string?)t!["function"]!["name"]));
        Assert.Equal("Says hello", (string?)trial.Requests[0]["tools"]![1]!["function"]!["description"]);
        Assert.Equal("""{"type":"object","properties":{"payload":{"type":"string"}},"required":["payload"]}""",
            trial.Requests[0]["tools"]![2]!["function"]!["parameters"]!.ToJsonString());
        Assert.Collection(trial.ToolResults, static r => Assert.Contains("src/a.cs:3", r, StringComparison.Ordinal),
            static r => Assert.Equal("HELLO $(id)\n", r), static r => Assert.Equal("x", r));
        Assert.Equal(["call-1", "a", "b"], trial.Requests[2]["messages"]!.AsArray().Select(static m => (string?)m!["tool_call_id"]).OfType<string>());
        Assert.Equal(["tool_call", "tool_result", "message", "tool_call", "tool_result", "tool_call", "tool_result", "final"],
            trial.Output.All.Select(static s => s.Type));
        Assert.Equal("""{"step":1,"tool_name":"repo_grep","tool_args":{"repo":"shop","query":"price"},"tool_call_id":"call-1"}""",
            trial.Output.All[0].Facts.Replace(": ", ":", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal));
        Assert.Equal("""{"step":2,"tool_name":"greet_loud","tool_call_id":"a","success":true}""", trial.Output.All[4].Facts);
    }

    /// <summary>Whatever the model was told or makes up: what is not allowed does not run.</summary>
    [Theory]
    [InlineData("repo_grep,deploy,ping,llm_task,browser_navigate", "deploy", "", "there is no tool 'deploy'; there are repo_grep")]
    [InlineData("repo_grep,deploy,ping,llm_task,browser_navigate", "ping", "", "there is no tool 'ping'; there are repo_grep")]
    [InlineData("repo_grep,deploy,ping,llm_task,browser_navigate", "llm_task", "", "there is no tool 'llm_task'; there are repo_grep")]
    [InlineData("repo_grep,echo", "greet_loud", "", "there is no tool 'greet_loud'; there are repo_grep, echo")]
    [InlineData("repo_grep,echo", "echo", """, "tools": ["repo_grep"]""", "there is no tool 'echo'; there are repo_grep")]
    [InlineData("repo_grep,echo", "repo_list", """, "tools": ["repo_list"]""", "there is no tool 'repo_list'")]
    [InlineData("", "echo", "", "there is no tool 'echo'")]
    [InlineData("echo", "../echo", "", "there is no tool '../echo'; there are echo")]
    public async Task AToolThatIsNotAllowedIsNone(string allowed, string asked, string rest, string answer)
    {
        await using var trial = new ModelTrial(allowed, ModelTrial.Calls(asked, """{"payload": "x"}"""), ModelTrial.Says("Then not."));
        Assert.Equal("Then not.", (await trial.ResultAsync("llm_agentic", $$"""{"prompt": "Work"{{rest}} }""")).GetProperty("answer").GetString());
        Assert.Equal($"error: {answer}", Assert.Single(trial.ToolResults));
        Assert.Contains("\"success\":false", trial.Output.All[1].Facts, StringComparison.Ordinal);
        Assert.False(trial.HasDeployed);
    }

    [Theory]
    [InlineData("repo_readfile", """{"repo": "shop", "path": "../x"}""", "path must be relative and not contain ..")]
    [InlineData("repo_readfile", "no JSON", "payload must be valid JSON")]
    [InlineData("greet_loud", "{}", "payload.name is missing")]
    [InlineData("echo", "[", "the arguments are no JSON object")]
    [InlineData("slow", "{}", "the tool took too long")]
    public async Task WhatAToolRefusesTheModelHears(string tool, string arguments, string error)
    {
        await using var trial = new ModelTrial("repo_readfile,greet.loud,echo,slow", ModelTrial.Calls(tool, arguments), ModelTrial.Says("So."));
        await trial.ResultAsync("llm_agentic", "Work");
        Assert.Equal($"error: {error}", Assert.Single(trial.ToolResults));
    }

    [Fact]
    public async Task AtTheLastStepThereAreNoMoreTools()
    {
        var again = ModelTrial.Calls("echo", """{"payload": "x"}""");
        await using var trial = new ModelTrial("echo", again, again, again);
        Assert.Equal(new Failed("the model had no answer after 2 steps", IsRetryable: false),
            await trial.RunAsync("llm_agentic", """{"prompt": "Work", "max_steps": 2}"""));
        Assert.Equal([null, "none"], trial.Requests.Select(static r => (string?)r["tool_choice"]));
        await using var many = new ModelTrial("echo", [.. Enumerable.Repeat(again, 60)]);
        Assert.Equal(new Failed("the model had no answer after 50 steps", IsRetryable: false),
            await many.RunAsync("llm_agentic", """{"prompt": "Work", "max_steps": 1000}"""));
        Assert.Equal(50, many.Requests.Count);
    }

    [Theory]
    [InlineData("", "prompt required")]
    [InlineData("{}", "prompt required")]
    [InlineData("""{"prompt": 5}""", "prompt must be a text")]
    [InlineData("""{"prompt": "x", "max_steps": 0}""", "max_steps must be a whole number from 1")]
    [InlineData("""{"prompt": "x", "tools": "echo"}""", "tools must be a list of names")]
    public async Task APayloadThatAsksNothingFailsForGood(string payload, string error)
    {
        await using var trial = new ModelTrial("");
        Assert.Equal(new Failed(error, IsRetryable: false), await trial.RunAsync("llm_agentic", payload));
    }

    [Theory]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(302, false)]
    public async Task AnEndpointThatRefusesIsHeardWithoutTheKey(int status, bool isRetryable)
    {
        var json = $$"""{"error": {"message": "Wrong: {{ModelTrial.Key}}"} }""";
        await using var trial = new ModelTrial("", new ScriptedAnswer(status, json, "http://127.0.0.1:9/"));
        Assert.Equal(new Failed($"the model's endpoint answered {status}: Wrong: ***", isRetryable), await trial.RunAsync("llm_task", "x"));
        await using var plain = new ModelTrial("", new ScriptedAnswer(status, $"no {ModelTrial.Key}"));
        Assert.Equal(new Failed($"the model's endpoint answered {status}: no ***", isRetryable), await plain.RunAsync("llm_task", "x"));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"choices": []}""")]
    [InlineData("""{"choices": [null]}""")]
    [InlineData("""{"choices": [{"message": {"content": 5}}]}""")]
    [InlineData("data: {\n\n")]
    public async Task WhatIsNoAnswerFailsForGood(string answer)
    {
        await using var trial = new ModelTrial("", ScriptedAnswer.Ok(answer));
        Assert.Equal(new Failed("the model's endpoint answered with something that is no chat completion", IsRetryable: false),
            await trial.RunAsync("llm_task", "x"));
    }

    [Fact]
    public async Task AnErrorWithinAStreamIsOne()
    {
        await using var trial = new ModelTrial("", ModelTrial.Stream(
            """{"choices": [{"delta": {"content": "Be"}}]}""", """{"error": {"message": "overloaded"}}"""));
        Assert.Equal(new Failed("the model's endpoint failed: overloaded"), await trial.RunAsync("llm_task", "x"));
    }

    [Fact]
    public async Task AConnectionThatBreaksMayBetterNextTime()
    {
        await using var trial = new ModelTrial("", ScriptedAnswer.Lose);
        Assert.True(Assert.IsType<Failed>(await trial.RunAsync("llm_task", "x")).IsRetryable);
    }

    [Fact]
    public async Task AnAnswerWithoutEndIsTooLong()
    {
        await using var trial = new ModelTrial("", ScriptedAnswer.Endless);
        Assert.Equal(new Failed("the model's answer is too long", IsRetryable: false), await trial.RunAsync("llm_task", "x"));
    }

    [Fact]
    public async Task AnEndpointThatHangsIsLeftWithTheJob()
    {
        await using var trial = new ModelTrial("", ScriptedAnswer.Hold);
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trial.RunAsync("llm_task", "x", stop.Token).WaitAsync(Broken.After));
    }

    [Fact]
    public async Task TheKeyIsShownNowhere()
    {
        await using var trial = new ModelTrial("echo",
            ModelTrial.Calls("echo", $$"""{"payload": "{{ModelTrial.Key}}"}"""), ModelTrial.Says($"It is {ModelTrial.Key}."));
        Assert.Equal("It is ***.", (await trial.ResultAsync("llm_agentic", "Which?")).GetProperty("answer").GetString());
        Assert.Equal("***", trial.Output.All[1].Text);
    }

    [Fact]
    public void ItIsServedWhereAnEndpointIsNamed()
    {
        Assert.Null(Read([]).Model);
        var (model, problems) = Read(new() { ["LLM_BASE_URL"] = "https://models.example.org/v1/", ["LLM_MODEL"] = "small", ["LLM_ALLOWED_TOOLS"] = "a, b" });
        Assert.Equal([], problems);
        Assert.Equal(("https://models.example.org/v1/chat/completions", "small", null), (model!.Completions.AbsoluteUri, model.Model, model.Key));
        Assert.Equal(["a", "b"], model.AllowedTools);
        var without = Read(new() { ["LLM_BASE_URL"] = "http://127.0.0.1:1" });
        Assert.StartsWith("LLM_MODEL is not set. Set it", Assert.Single(without.Problems), StringComparison.Ordinal);
        var wrong = Read(new() { ["LLM_BASE_URL"] = "models", ["LLM_MODEL"] = "small" });
        Assert.StartsWith("LLM_BASE_URL is 'models'. It takes an address", Assert.Single(wrong.Problems), StringComparison.Ordinal);
        using var served = ServedCommands.Of(new RunnerContext("w", "/nowhere", TimeProvider.System), model: model);
        Assert.Equal(["llm_task", "llm_agentic"], served.Names.Skip(4));
        Assert.All(served.Told.Skip(4), static t => Assert.NotNull(t.Schema));

        static (ModelSettings? Model, IReadOnlyList<string> Problems) Read(Dictionary<string, string> variables)
        {
            var settings = Settings.Load(variables.GetValueOrDefault, null);
            var model = ModelSettings.Read(settings);
            try
            {
                settings.Check();
                return (model, []);
            }
            catch (SettingsException e)
            {
                return (model, e.Problems);
            }
        }
    }

    [Fact]
    public void TheKeyComesFromAFileToo()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("key"), "secret\n");
        Repositories.RepositoryTrial.Run("chmod", "600", folder.File("key"));
        var variables = new Dictionary<string, string>
        {
            ["LLM_BASE_URL"] = "http://127.0.0.1:1", ["LLM_MODEL"] = "m", ["LLM_API_KEY_FILE"] = folder.File("key"),
        };
        Assert.Equal("secret", ModelSettings.Read(Settings.Load(variables.GetValueOrDefault, null))!.Key);
    }
}
