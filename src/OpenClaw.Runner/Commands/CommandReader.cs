using System.Text;
using System.Text.Json;
using OpenClaw.Programs;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Commands;

/// <summary>Reads one command of the file.</summary>
internal static class CommandReader
{
    /// <summary>The name of the place for the whole payload.</summary>
    public const string WholePayload = "payload";

    private const int LongestName = 64, LongestDescription = 2000;
    private const double Week = 7 * 24 * 3600;

    /// <summary>Null where not even a program is named.</summary>
    public static CommandDefinition? Read(string name, FileNode node, Machine machine)
    {
        node.Knows("description", "program", "arguments", "payload", "schema", "env", "working_folder", "timeout_seconds", "idle_timeout_seconds",
            "grace_seconds", "result_bytes", "success_codes", "requires_approval", "sandbox");
        if (node.Value.ValueKind != JsonValueKind.Object) return null;
        CheckName(name, node);
        var way = node.Member("payload")?.Word("none", "stdin", "argument", "file") ?? "none";
        var schema = node.Member("schema") is { } schemaNode ? SchemaReader.Read(schemaNode) : null;
        var environment = node.Member("env") is { } env ? EnvironmentReader.Read(env, machine) : [];
        var command = new CommandDefinition
        {
            Name = name,
            Description = Description(node),
            Program = Program(node, machine) ?? "",
            Arguments = Arguments(node, way, schema),
            Payload = Enum.Parse<PayloadWay>(way, ignoreCase: true),
            Schema = schema,
            SchemaJson = node.Member("schema")?.Value,
            Environment = [.. environment.Select(static e => e.Pair)],
            EnvironmentNames = [.. environment.Select(static e => e.Named)],
            WorkingFolder = Folder(node, machine),
            Timeout = Seconds(node, "timeout_seconds", 900, 0.1, Week),
            IdleTimeout = Seconds(node, "idle_timeout_seconds", 300, 0.1, Week),
            Grace = Seconds(node, "grace_seconds", 5, 0, 60),
            ResultBytes = node.Member("result_bytes")?.WholeNumber(0, 1, CommandDefinition.MostResultBytes, "bytes") ?? CommandDefinition.DefaultResultBytes,
            SuccessCodes = SuccessCodes(node),
            RequiresApproval = node.Member("requires_approval")?.Flag() ?? false,
            Sandbox = SandboxRules.Read(node.Member("sandbox"), machine),
        };
        if (command.Sandbox.Kind != SandboxKind.None)
        {
            foreach (var place in (string[])["program", "working_folder"])
            {
                var path = place == "program" ? command.Program : command.WorkingFolder;
                if (string.IsNullOrEmpty(path) || SandboxRules.IsPlain(path)) continue;
                node.Refuse($"has a {place} that a sandbox can't be told. Give one without spaces, quotes and : \\ %.");
            }
        }
        return command;
    }

    private static void CheckName(string name, FileNode node)
    {
        if (name.Length is 0 or > LongestName || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':'))
        {
            node.Refuse($"has a name that no command can have. Give it up to {LongestName} letters, digits and _ - . :");
        }
        if (All.Names.Contains(name)) node.Refuse("has the name of a command that is built in. Give it another one.");
    }

    private static string? Description(FileNode node)
    {
        if (node.Member("description") is not { } description) return null;
        var text = description.Text();
        if (text is not null && Encoding.UTF8.GetByteCount(text) > LongestDescription)
        {
            description.Refuse($"is too long. Make it {LongestDescription} bytes at most.");
        }
        return text;
    }

    private static string? Program(FileNode node, Machine machine)
    {
        if (node.Member("program") is not { } program)
        {
            node.Refuse("names no program. Set program to an absolute path, or to a name in PATH.");
            return null;
        }
        if (program.Text() is not { } name) return null;
        if (name.Contains('/') && !Path.IsPathFullyQualified(name)) program.Refuse("is a path that is not absolute. Give the whole path, or a name in PATH.");
        else if (name.Contains('\0') || machine.Find(name) is not { } found)
        {
            program.Refuse(name.Contains('/')
                ? "is no program that this user may run. Check the path, and make the file executable: chmod +x."
                : "is no program in PATH. Check the name, or give the whole path.");
        }
        else return found;
        return null;
    }

    private static List<ArgumentTemplate> Arguments(FileNode node, string way, CommandSchema? schema)
    {
        var templates = new List<ArgumentTemplate>();
        var takesWhole = way is "argument" or "file";
        foreach (var argument in node.Member("arguments")?.Items() ?? [])
        {
            if (argument.Text() is not { } text) continue;
            var (template, problem) = text.Contains('\0') ? (null, "has a NUL character, which no argument can hold. Delete it.") : ArgumentTemplate.Read(text);
            if (problem is not null) argument.Refuse(problem);
            if (template is null) continue;
            templates.Add(template);
            foreach (var field in template.Fields) if (!takesWhole || field != WholePayload) CheckField(argument, field, schema);
        }
        if (takesWhole && !templates.Any(static t => t.Fields.Contains(WholePayload)))
        {
            (node.Member("payload") ?? node).Refuse(
                $"is {way}, and no argument has {{payload}}. Write it where the payload{(way == "file" ? "'s file" : "")} is to stand.");
        }
        return templates;
    }

    /// <summary>A field is there at each job, as something that an argument can hold: the schema says so.</summary>
    private static void CheckField(FileNode argument, string field, CommandSchema? schema)
    {
        if (schema?.Types is not ["object"] || schema.Properties.GetValueOrDefault(field) is not { } property)
        {
            argument.Refuse(
                $$"""has {{{field}}}, which the schema does not check. Give the command a schema of type object, with {{field}} in its properties.""");
        }
        else if (property.Types is not { Count: > 0 } types || types.Any(static t => t is "object" or "array" or "null"))
        {
            argument.Refuse($$"""has {{{field}}}, which may be no text by the schema. Set its type to string, integer, number or boolean.""");
        }
        else if (!schema.Required.Contains(field) && property.Default is null)
        {
            argument.Refuse($$"""has {{{field}}}, which a payload may lack. Name it in required, or give it a default.""");
        }
    }

    private static string? Folder(FileNode node, Machine machine)
    {
        if (node.Member("working_folder") is not { } folder || folder.Text() is not { } path) return null;
        if (!Path.IsPathFullyQualified(path) || path.Contains('\0')) folder.Refuse("is not absolute. Give the whole path.");
        else if (!machine.HasFolder(path)) folder.Refuse("is no folder. Make it, or name another.");
        return path;
    }

    private static TimeSpan Seconds(FileNode node, string name, double fallback, double min, double max) =>
        TimeSpan.FromSeconds(node.Member(name)?.Number(fallback, min, max, "seconds") ?? fallback);

    private static List<int> SuccessCodes(FileNode node)
    {
        if (node.Member("success_codes") is not { } codes) return [0];
        var read = codes.Items().Select(static c => c.WholeNumber(0, 0, 255, "an exit code")).ToList();
        if (read.Count == 0) codes.Refuse("is empty, so no end would be a success. Set it to [0].");
        return read;
    }
}

/// <summary>Reads the variables that a command gets.</summary>
internal static class EnvironmentReader
{
    /// <summary>What is the runner's own; so is each with <c>_FILE</c> behind it.</summary>
    private static readonly string[] Secret =
        [Variables.WorkerToken, Variables.BotToken, Variables.AdminToken, "DISCORD_TOKEN", "LLM_API_KEY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"];

    public static List<(string Named, string Pair)> Read(FileNode node, Machine machine)
    {
        var read = new List<(string, string)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in node.Items())
        {
            if (item.Text() is not { } text) continue;
            var equals = text.IndexOf('=');
            var name = equals < 0 ? text : text[..equals];
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_') || text.Contains('\0'))
            {
                item.Refuse("is no variable. Give NAME, to take it from the runner's environment, or NAME=value.");
            }
            else if (Secret.Any(s => name == s || name == s + "_FILE")) item.Refuse("is a secret of the runner's, which no command gets. Delete it.");
            else if (!names.Add(name)) item.Refuse($"names {name} again. Delete one of them.");
            else if ((equals < 0 ? machine.Variable(name) : text[(equals + 1)..]) is not { } value)
            {
                item.Refuse("is not set in the runner's environment. Set it there, or give it a value here: NAME=value.");
            }
            else if (machine.Secrets.Any(s => s.Length > 0 && value.Contains(s, StringComparison.Ordinal)))
            {
                item.Refuse("holds the runner's own token, which no command gets. Delete it.");
            }
            else read.Add((text, $"{name}={value}"));
        }
        return read;
    }
}
