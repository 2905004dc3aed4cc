using System.Text;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Commands;

/// <summary>The file of one's own commands, which <c>RUNNER_CONFIG</c> names.</summary>
internal static class CommandFile
{
    /// <summary>What a broker takes of what a runner tells of itself is 256 KiB.</summary>
    private const int MostBytes = 1 << 20, MostTold = 240_000, MostCommands = 100;

    /// <summary>Reads the file; all that is wrong is noted in the settings.</summary>
    /// <returns>The commands; none without a file.</returns>
    public static IReadOnlyList<CommandDefinition> Read(Settings settings, IReadOnlyList<string> secrets)
    {
        if (settings.Text(RunnerVariables.Config) is not { } path) return [];
        try
        {
            if (new FileInfo(path).Length > MostBytes)
            {
                settings.Note($"{RunnerVariables.Config}: {path} has more than a MiB. Make it smaller: it holds commands alone.");
                return [];
            }
            var (commands, problems) = Parse(File.ReadAllBytes(path), path, Machine.Of(settings, secrets));
            foreach (var problem in problems.Select(static p => $"{RunnerVariables.Config}: {p}")) settings.Note(problem);
            return commands;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            settings.Note($"{RunnerVariables.Config} names {path}, which can't be read ({e.Message}). "
                + $"Make it readable for this user, or leave {RunnerVariables.Config} out.");
            return [];
        }
    }

    /// <summary>The commands in a text, and all that is wrong with it; with problems, the commands are of no use.</summary>
    /// <param name="file">What problems call it.</param>
    public static (IReadOnlyList<CommandDefinition> Commands, IReadOnlyList<string> Problems) Parse(byte[] json, string file, Machine machine)
    {
        var start = json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        var outside = new FileProblems(file);
        if (!machine.IsLinux) outside.Add("", "holds commands, which this runner runs on Linux alone. Leave RUNNER_CONFIG out, or run the runner on Linux.");
        foreach (var secret in machine.Secrets)
        {
            if (secret.Length > 0 && json.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) is >= 0 and var at)
            {
                outside.Add(json.AsSpan(0, at).Count((byte)'\n') + 1, "it holds the runner's own token, which no command may have. Delete it there.");
            }
        }
        if (outside.All.Count > 0) return ([], outside.All);
        try
        {
            var lines = JsonLines.Of(json.AsSpan(start));
            var problems = new FileProblems(file, lines);
            foreach (var (path, line) in lines.Doubled) problems.Add(line, $"{VisibleText.Of(path)} stands there twice. Delete one of them.");
            if (problems.All.Count > 0) return ([], problems.All);
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            using var document = JsonDocument.Parse(json.AsMemory(start), options);
            return (Read(new FileNode(document.RootElement.Clone(), "", problems), machine), problems.All);
        }
        catch (JsonException e)
        {
            outside.Add((int)(e.LineNumber ?? 0) + 1, $"is no JSON ({Reason(e)}). Correct it; docs/runner.md has examples.");
        }
        catch (InvalidOperationException e)
        {
            outside.Add("", $"holds a text that is none ({e.Message}). Write it without halves of characters.");
        }
        return ([], outside.All);
    }

    private static List<CommandDefinition> Read(FileNode root, Machine machine)
    {
        root.Knows("commands");
        if (root.Member("commands") is not { } list)
        {
            if (root.Value.ValueKind == JsonValueKind.Object) root.Refuse("""has no commands. Write {"commands": {"NAME": {"program": "PATH"}}}.""");
            return [];
        }
        var commands = list.Members().Select(m => CommandReader.Read(m.Name, m.Node, machine)).OfType<CommandDefinition>().ToList();
        if (commands.Count > MostCommands) list.Refuse($"has {commands.Count} commands. Give it {MostCommands} at most.");
        var told = JsonSerializer.SerializeToUtf8Bytes(new WorkerBody(null, [.. commands.Select(static c => c.Told)]), WireJson.Default.WorkerBody);
        if (told.Length > MostTold)
        {
            list.Refuse($"has schemas and descriptions of {told.Length} bytes, more than a broker takes ({MostTold}). Make them shorter.");
        }
        return commands;
    }

    private static string Reason(JsonException e) => e.Message.Split(" LineNumber:")[0].TrimEnd('.');
}
