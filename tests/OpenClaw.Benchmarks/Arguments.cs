using System.Globalization;

namespace OpenClaw.Benchmarks;

/// <summary>What was asked for on the command line: <c>--name value</c> pairs, and <c>--name</c> alone as a switch.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string?> values = [];

    public Arguments(IEnumerable<string> arguments)
    {
        string? name = null;
        foreach (var argument in arguments)
        {
            if (argument.StartsWith("--", StringComparison.Ordinal)) values[name = argument[2..]] = null;
            else if (name is not null && values[name] is null) values[name] = argument;
            else throw new UsageException($"'{argument}' follows no --name.");
        }
    }

    public bool Has(string name) => values.ContainsKey(name);

    public string? Text(string name) => values.GetValueOrDefault(name);

    public string Text(string name, string fallback) => Text(name) ?? fallback;

    /// <summary>What is given with commas between.</summary>
    public string[]? List(string name) => Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public string Required(string name) => Text(name) ?? throw new UsageException($"--{name} is missing.");

    public int Number(string name, int fallback)
    {
        if (Text(name) is not { } text) return fallback;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new UsageException($"--{name} takes a whole number, not '{text}'.");
    }
}

/// <summary>The command line can't be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);
