using OpenClaw.Programs;

namespace OpenClaw.Runner.Models;

/// <summary>The language model that the runner asks, at any endpoint that speaks as OpenAI's does.</summary>
internal sealed record ModelSettings
{
    private const string ExampleAddress = "http://127.0.0.1:8080/v1";

    /// <summary>Where requests go, the path included.</summary>
    public required Uri Completions { get; init; }

    public required string Model { get; init; }

    /// <summary>Null where the endpoint wants none.</summary>
    public string? Key { get; init; }

    /// <summary>The commands that a model may be given as tools; no others.</summary>
    public IReadOnlyList<string> AllowedTools { get; init; } = [];

    /// <summary>Null where no endpoint is named: then the commands are not served. All that is wrong is noted.</summary>
    public static ModelSettings? Read(Settings settings)
    {
        if (settings.Text(RunnerVariables.LlmBaseUrl) is null) return null;
        var address = settings.Url(RunnerVariables.LlmBaseUrl, ExampleAddress);
        if (settings.Text(RunnerVariables.LlmModel) is not { } model)
        {
            settings.Note($"{RunnerVariables.LlmModel} is not set. Set it to a model that {RunnerVariables.LlmBaseUrl} has, "
                + $"or leave {RunnerVariables.LlmBaseUrl} out to ask none.");
            model = "";
        }
        return new ModelSettings
        {
            Completions = new Uri(address.AbsoluteUri.TrimEnd('/') + "/chat/completions"),
            Model = model,
            Key = settings.Secret(RunnerVariables.LlmApiKey),
            AllowedTools = (settings.Text(RunnerVariables.LlmAllowedTools) ?? "").Split(
                ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        };
    }

    /// <summary>A text of the endpoint's or the model's, without the key, which some endpoints repeat.</summary>
    public string WithoutKey(string text) => Key is null ? text : text.Replace(Key, "***", StringComparison.Ordinal);
}
