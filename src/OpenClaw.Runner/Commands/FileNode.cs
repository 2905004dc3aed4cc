using System.Globalization;
using System.Text.Json;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Commands;

/// <summary>All that is wrong with a file, each in one line: where, what, and how to repair it.</summary>
internal sealed class FileProblems(string file, JsonLines? lines = null)
{
    public List<string> All { get; } = [];

    public void Add(string path, string problem) => Add(lines?.Of(path), $"{(path.Length == 0 ? "it" : VisibleText.Of(path))} {problem}");

    public void Add(int? line, string problem) =>
        All.Add(line is null ? $"{file}: {problem}" : string.Create(CultureInfo.InvariantCulture, $"{file}, line {line}: {problem}"));
}

/// <summary>A value of the file, at its place. What is wrong with it is noted, and something harmless is taken in its stead.</summary>
internal readonly record struct FileNode(JsonElement Value, string Path, FileProblems Problems)
{
    public void Refuse(string problem) => Problems.Add(Path, problem);

    /// <summary>Null where it is missing or null.</summary>
    public FileNode? Member(string name) => MemberOrNull(name) is { Value.ValueKind: not JsonValueKind.Null } member ? member : null;

    /// <summary>Null where it is missing; the JSON null is a value as others are.</summary>
    public FileNode? MemberOrNull(string name) => Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out var value)
        ? new FileNode(value, JsonLines.Member(Path, name), Problems) : null;

    /// <summary>The members of an object; none where it is none, which is noted.</summary>
    public IEnumerable<(string Name, FileNode Node)> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object)
        {
            Refuse($"is {Shown}. It takes an object in braces: correct it.");
            yield break;
        }
        foreach (var member in Value.EnumerateObject()) yield return (member.Name, new FileNode(member.Value, JsonLines.Member(Path, member.Name), Problems));
    }

    public IReadOnlyList<FileNode> Items()
    {
        var (path, problems) = (Path, Problems);
        if (Value.ValueKind == JsonValueKind.Array) return [.. Value.EnumerateArray().Select((v, n) => new FileNode(v, JsonLines.Item(path, n), problems))];
        Refuse($"is {Shown}. It takes a list in brackets: correct it.");
        return [];
    }

    /// <summary>Notes each member that is none of these.</summary>
    public void Knows(params ReadOnlySpan<string> names)
    {
        foreach (var (name, node) in Members())
        {
            if (!names.Contains(name)) node.Refuse($"is not known here. Use one of {string.Join(", ", names)}, or delete it.");
        }
    }

    public string? Text()
    {
        if (Value.ValueKind == JsonValueKind.String) return Value.GetString();
        Refuse($"is {Shown}. It takes a text: put it in quotes.");
        return null;
    }

    public IReadOnlyList<string> Texts() => [.. Items().Select(static i => i.Text()).OfType<string>()];

    public bool Flag()
    {
        if (Value.ValueKind is JsonValueKind.True or JsonValueKind.False) return Value.ValueKind == JsonValueKind.True;
        Refuse($"is {Shown}. It takes true or false: set one of them.");
        return false;
    }

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public double Number(double fallback, double min, double max, string unit)
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetDouble(out var number) && number >= min && number <= max) return number;
        Refuse(string.Create(
            CultureInfo.InvariantCulture, $"is {Shown}. It takes a number of {unit} from {min} to {max}; without it {fallback} is used: correct it."));
        return fallback;
    }

    public int WholeNumber(int fallback, int min, int max, string unit)
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var number) && number >= min && number <= max) return number;
        Refuse(string.Create(CultureInfo.InvariantCulture, $"is {Shown}. It takes a whole number of {unit} from {min} to {max}: correct it."));
        return fallback;
    }

    /// <summary>One of these words; null where it is none of them.</summary>
    public string? Word(params ReadOnlySpan<string> words)
    {
        if (Value.ValueKind == JsonValueKind.String && words.Contains(Value.GetString()!)) return Value.GetString();
        Refuse($"is {Shown}. Set it to one of {string.Join(", ", words)}.");
        return null;
    }

    private string Shown => Value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => VisibleText.Of(Value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : Value.GetRawText()),
    };
}
