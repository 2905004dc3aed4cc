namespace OpenClaw.Programs;

/// <summary>A file of <c>NAME=value</c> lines: empty lines and <c>#</c> lines are skipped, <c>export</c> and quotes are allowed.</summary>
public static class EnvFile
{
    /// <summary>The assignments in the lines, each with the number of its line; of a doubled name the last wins.</summary>
    /// <exception cref="SettingsException">A line is no assignment.</exception>
    public static IReadOnlyDictionary<string, (string Value, int Line)> Parse(IEnumerable<string> lines, string fileName)
    {
        var values = new Dictionary<string, (string, int)>(StringComparer.Ordinal);
        var number = 0;
        foreach (var raw in lines)
        {
            number++;
            var line = raw.Trim().TrimStart('\uFEFF');
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.StartsWith("export ", StringComparison.Ordinal)) line = line[7..].TrimStart();
            var equals = line.IndexOf('=');
            if (equals < 1) throw new SettingsException([$"{fileName}, line {number}: not of the form NAME=value. Correct it or put a # before it."]);
            values[line[..equals].TrimEnd()] = (Unquote(line[(equals + 1)..].Trim()), number);
        }
        return values;
    }

    private static string Unquote(string value) =>
        value is ['"', .., '"'] or ['\'', .., '\''] ? value[1..^1] : value;
}
