using System.Text;
using System.Text.Json;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Models;

/// <summary>
/// The commands that a model may use in one job: of those that the runner's owner has allowed, the ones that the job names. Which they are
/// is decided here, at each call, and never by what the model was told.
/// </summary>
/// <param name="find">A command that may be a tool at all; null for any other.</param>
internal sealed class ModelTools(ModelSettings settings, IReadOnlyList<string>? named, Func<string, OwnCommand?> find, TimeProvider clock)
{
    /// <summary>Of a result, as far as the model gets to see it.</summary>
    private const int MostCharacters = 60_000;

    private const string WholePayload = "payload";

    private static readonly JsonElement AnyText =
        JsonDocument.Parse("""{"type": "object", "properties": {"payload": {"type": "string"} }, "required": ["payload"]}""").RootElement;

    /// <summary>What the model is told of them.</summary>
    public IReadOnlyList<ChatTool> All => [.. Names.Select(n => (Name: n, Command: find(n))).Where(static t => t.Command is not null)
        .Select(static t => new ChatTool("function", new ToolFunction(Called(t.Name), t.Command!.Told.Description, IsObject(t.Command) ?? AnyText)))];

    private IEnumerable<string> Names => settings.AllowedTools.Where(n => named?.Contains(n) != false).DistinctBy(Called);

    /// <summary>Runs what the model asks for; what is wrong with that is the result, for the model to do better.</summary>
    public async Task<(bool IsDone, string Result)> RunAsync(string called, string arguments, JobContext job)
    {
        if (Names.FirstOrDefault(n => Called(n) == called) is not { } name || find(name) is not { } command)
        {
            var others = All is { Count: > 0 } all ? $"; there are {string.Join(", ", all.Select(static t => t.Function.Name))}" : "";
            return (false, $"there is no tool '{called}'{others}");
        }
        using var late = new CancellationTokenSource(command.Handler.Limit ?? Timeout.InfiniteTimeSpan, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(job.Stop, late.Token);
        try
        {
            var context = new JobContext { Id = job.Id, Attempt = job.Attempt, Command = name, Payload = Payload(command, arguments), Stop = stop.Token };
            return await command.Handler.RunAsync(context) switch
            {
                Succeeded done => (true, Cut(done.Result)),
                Failed failed => (false, Cut(failed.Error)),
                _ => (false, "this tool can't be used now"),
            };
        }
        catch (Exception e) when (!job.Stop.IsCancellationRequested)
        {
            return (false, late.IsCancellationRequested ? "the tool took too long" : Cut(e.GetBaseException().Message));
        }
    }

    /// <summary>The schema of a command that takes an object; null of one that takes any text.</summary>
    private static JsonElement? IsObject(OwnCommand command) => command.Told.Schema is { ValueKind: JsonValueKind.Object } schema
        && schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "object" ? schema : null;

    private static string Payload(OwnCommand command, string arguments)
    {
        if (IsObject(command) is not null) return arguments;
        try
        {
            using var json = JsonDocument.Parse(arguments);
            return json.RootElement.TryGetProperty(WholePayload, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new PayloadException("the arguments are no JSON object");
        }
    }

    /// <summary>As endpoints let a tool be called.</summary>
    private static string Called(string name)
    {
        var called = new StringBuilder(name);
        for (var n = 0; n < called.Length; n++) if (!char.IsAsciiLetterOrDigit(called[n]) && called[n] is not ('_' or '-')) called[n] = '_';
        return called.ToString();
    }

    private static string Cut(string text) => text.Length <= MostCharacters ? text
        : text[..(char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters)] + "\n[the rest was left out]";
}
