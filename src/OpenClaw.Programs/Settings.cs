using System.Globalization;

namespace OpenClaw.Programs;

/// <summary>
/// Reads a program's configuration: environment variables, and where the environment is silent the same names in a
/// <c>.env</c> file. Every getter notes what is wrong instead of throwing; <see cref="Check"/> throws all of it at once.
/// </summary>
public sealed class Settings
{
    private readonly Func<string, string?> environment;
    private readonly string? fileName;
    private readonly IReadOnlyDictionary<string, (string Value, int Line)> file;
    private readonly List<string> problems = [];

    private Settings(Func<string, string?> environment, string? fileName, IReadOnlyDictionary<string, (string Value, int Line)> file) =>
        (this.environment, this.fileName, this.file) = (environment, fileName, file);

    /// <summary>The configuration of this process.</summary>
    /// <param name="envFile">The <c>--env</c> file, or null.</param>
    public static Settings FromProcess(string? envFile) => Load(Environment.GetEnvironmentVariable, envFile);

    /// <summary>The configuration in the given environment.</summary>
    /// <param name="environment">Gives a variable's value, or null.</param>
    /// <param name="envFile">A file of <c>NAME=value</c> lines that serves names the environment lacks, or null.</param>
    /// <exception cref="SettingsException">The file can't be read or has a line that is no assignment.</exception>
    public static Settings Load(Func<string, string?> environment, string? envFile)
    {
        if (envFile is null) return new Settings(environment, null, new Dictionary<string, (string, int)>());
        try
        {
            return new Settings(environment, envFile, EnvFile.Parse(File.ReadAllLines(envFile), envFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException([$"--env {envFile}: can't be read ({e.Message}). Name a file of NAME=value lines that this user may read."]);
        }
    }

    /// <summary>A variable's value without the spaces around it; null where it is unset or empty.</summary>
    public string? Text(string name)
    {
        var value = environment(name)?.Trim();
        if (string.IsNullOrEmpty(value)) value = file.GetValueOrDefault(name).Value?.Trim();
        return string.IsNullOrEmpty(value) ? null : value;
    }

    public string Text(string name, string fallback) => Text(name) ?? fallback;

    /// <summary>
    /// A secret: from a systemd credential of the variable's name (also in lower case with hyphens), else from the file
    /// that <c>NAME_FILE</c> names, else from the variable itself. Null where there is none; what no header can carry is noted.
    /// </summary>
    public string? Secret(string name)
    {
        if (environment("CREDENTIALS_DIRECTORY") is { Length: > 0 } folder)
        {
            foreach (var candidate in (string[])[name, name.ToLowerInvariant().Replace('_', '-')])
            {
                var path = Path.Combine(folder, candidate);
                if (File.Exists(path)) return ReadSecret(name, path, isCredential: true);
            }
        }
        return Text(name + "_FILE") is { } secretFile ? ReadSecret(name + "_FILE", secretFile) : Checked(name, Text(name));
    }

    /// <summary>As <see cref="Secret"/>, but its absence is noted as a problem.</summary>
    /// <param name="name">The variable.</param>
    /// <param name="repair">How a person gets the value, as a sentence.</param>
    public string RequiredSecret(string name, string repair)
    {
        var before = problems.Count;
        var secret = Secret(name);
        if (secret is null && problems.Count == before) Note($"{name} is not set. {repair} Then set {name}, or {name}_FILE to a file that holds it.");
        return secret ?? "";
    }

    /// <summary>A whole number between <paramref name="min"/> and <paramref name="max"/>.</summary>
    public int WholeNumber(string name, int fallback, int min, int max) => (int)WholeNumber(name, (long)fallback, min, max);

    /// <inheritdoc cref="WholeNumber(string, int, int, int)"/>
    public long WholeNumber(string name, long fallback, long min, long max)
    {
        if (Text(name) is not { } text) return fallback;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;
        Note($"{name} is '{text}'. It takes a whole number from {min} to {max}; without it {fallback} is used.");
        return fallback;
    }

    /// <summary>A number of seconds, fractions allowed, between <paramref name="min"/> and <paramref name="max"/> seconds.</summary>
    public TimeSpan Seconds(string name, double fallback, double min, double max)
    {
        if (Text(name) is not { } text) return TimeSpan.FromSeconds(fallback);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return TimeSpan.FromSeconds(value);
        }
        Note(string.Create(
            CultureInfo.InvariantCulture, $"{name} is '{text}'. It takes a number of seconds from {min} to {max}; without it {fallback} is used."));
        return TimeSpan.FromSeconds(fallback);
    }

    /// <summary>An absolute http or https address, without a slash at its end.</summary>
    public Uri Url(string name, string fallback)
    {
        var text = Text(name, fallback).TrimEnd('/');
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
        Note($"{name} is '{text}'. It takes an address such as {fallback}.");
        return new Uri(fallback);
    }

    /// <summary>Notes something that is wrong: what, why and how to fix it, in one line.</summary>
    public void Note(string problem) => problems.Add(problem);

    /// <summary>Throws everything that was noted.</summary>
    /// <exception cref="SettingsException">Something is wrong.</exception>
    public void Check()
    {
        if (problems.Count > 0) throw new SettingsException([.. problems.Select(Locate)]);
    }

    /// <summary>A problem begins with the variable's name; where the file gave its value, with the file and the line before it.</summary>
    private string Locate(string problem)
    {
        var name = problem[..(problem.IndexOfAny([' ', ':']) is >= 0 and var end ? end : problem.Length)];
        var isOfFile = string.IsNullOrWhiteSpace(environment(name)) && file.ContainsKey(name);
        return isOfFile ? string.Create(CultureInfo.InvariantCulture, $"{fileName}, line {file[name].Line}: {problem}") : problem;
    }

    /// <summary>Secrets travel in headers: one that can't is noted. It is not repeated in the message.</summary>
    private string? Checked(string name, string? secret)
    {
        if (secret is null || HeaderText.CanCarry(secret)) return secret;
        Note($"{name} has a character that no HTTP header can carry. It takes one line of visible ASCII characters: copy it again from where it was made.");
        return null;
    }

    /// <summary>Whether the group or others may read it. What a container's manager puts into /run/secrets is in no other's reach.</summary>
    private static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && File.Exists(path)
        && !Path.GetFullPath(path).StartsWith("/run/secrets/", StringComparison.Ordinal)
        && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    /// <param name="isCredential">It is in the folder that the service manager made for this service alone, by its own kind of rights.</param>
    private string? ReadSecret(string name, string path, bool isCredential = false)
    {
        try
        {
            if (!isCredential && IsOpenToOthers(path))
            {
                Note($"{name}: others on this machine can read the file {path}. Take that right away: chmod 600 {path}.");
                return null;
            }
            var secret = File.ReadAllText(path).Trim();
            if (secret.Length > 0) return Checked(name, secret);
            Note($"{name}: the file {path} is empty. Write the token into it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Note($"{name}: the file {path} can't be read ({e.Message}). Name a file that this user may read.");
        }
        return null;
    }
}

/// <summary>A program's configuration is wrong: it ends with <see cref="ExitCodes.Configuration"/> and these lines.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = [.. problems];

    /// <summary>Says each problem on standard error, in a line that begins with the program's name.</summary>
    /// <returns>The exit code to end with.</returns>
    public int Report(string program)
    {
        foreach (var problem in Problems) Console.Error.WriteLine($"{Journal.Prefix(Console.Error, "error")}{program}: {problem}");
        return ExitCodes.Configuration;
    }
}
