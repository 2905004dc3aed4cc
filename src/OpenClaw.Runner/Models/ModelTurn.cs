using System.Globalization;
using System.Text;

namespace OpenClaw.Runner.Models;

/// <summary>What the model said, asked once.</summary>
/// <param name="Thinking">Empty where it did not say what it thought.</param>
/// <param name="Calls">The tools that it asks for, each with a name, arguments and an id.</param>
internal sealed record ModelTurn(string Text, string Thinking, IReadOnlyList<ChatCall> Calls, ChatUsage? Usage, string Model);

/// <summary>Puts an answer together from its pieces; a whole one is a single piece.</summary>
internal sealed class TurnInPieces
{
    private const int MostCalls = 64;

    private readonly StringBuilder text = new();
    private readonly StringBuilder thinking = new();
    private readonly SortedDictionary<int, (string? Id, string Name, StringBuilder Arguments)> calls = [];
    private ChatUsage? usage;
    private string? model;

    public bool HasChoice { get; private set; }

    public void Add(ChatAnswer piece)
    {
        usage = piece.Usage ?? usage;
        model = piece.Model ?? model;
        if (piece.Choices is not [{ } choice, ..] || (choice.Delta ?? choice.Message) is not { } part) return;
        HasChoice = true;
        text.Append(part.Content);
        thinking.Append(part.ReasoningContent ?? part.Reasoning);
        foreach (var (n, call) in (part.ToolCalls ?? []).Index())
        {
            if (call is null || calls.Count >= MostCalls) continue;
            var index = call.Index ?? n;
            var known = calls.GetValueOrDefault(index, (null, "", new StringBuilder()));
            known.Arguments.Append(call.Function?.Arguments);
            calls[index] = (call.Id ?? known.Id, known.Name.Length > 0 ? known.Name : call.Function?.Name ?? "", known.Arguments);
        }
    }

    /// <summary>The whole of it, without the key.</summary>
    /// <param name="settings">Of the model that was asked.</param>
    public ModelTurn End(ModelSettings settings)
    {
        var called = calls.Select(c => new ChatCall(null, c.Value.Id ?? string.Create(CultureInfo.InvariantCulture, $"call_{c.Key}"), "function",
            new CalledFunction(settings.WithoutKey(c.Value.Name), c.Value.Arguments.Length > 0 ? settings.WithoutKey(c.Value.Arguments.ToString()) : "{}")));
        return new ModelTurn(settings.WithoutKey(text.ToString()), settings.WithoutKey(thinking.ToString()), [.. called], usage,
            settings.WithoutKey(model ?? settings.Model));
    }
}
