using System.Text.Json;
using System.Text.RegularExpressions;
using OpenClaw.Runner.Commands;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>How the file of commands is read, and what is said of a broken one.</summary>
public sealed partial class CommandFileTests
{
    [Fact]
    public void EverythingHasADefault()
    {
        var (commands, problems) = Trial.Read("""{"commands": {"own": {"program": "sh"}}}""");
        Assert.Equal([], problems);
        var own = Assert.Single(commands);
        Assert.True(Path.IsPathFullyQualified(own.Program));
        Assert.Equal((TimeSpan.FromSeconds(900), TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(5), 1 << 20, false, SandboxKind.None, PayloadWay.None),
            (own.Timeout, own.IdleTimeout, own.Grace, own.ResultBytes, own.RequiresApproval, own.Sandbox.Kind, own.Payload));
        Assert.Equal([0], own.SuccessCodes);
        Assert.Null(own.WorkingFolder);
    }

    [Theory]
    [InlineData("{\n \"commands\": {\n", "line 3: is no JSON")]
    [InlineData("[]", "line 1: it is a list. It takes an object")]
    [InlineData("{}", "it has no commands. Write")]
    [InlineData("""{"commands": {}, "more": 1}""", "more is not known here. Use one of commands")]
    [InlineData("""{"commands": []}""", "commands is a list. It takes an object")]
    [InlineData("""{"commands": {"a": 1}}""", "commands.a is 1. It takes an object")]
    [InlineData("{\"commands\": {\"a\": {\"program\": \"sh\"},\n\"a\": {\"program\": \"sh\"}}}", "line 2: commands.a stands there twice. Delete one")]
    [InlineData("""{"commands": {"ping": {"program": "sh"}}}""", "commands.ping has the name of a command that is built in")]
    [InlineData("""{"commands": {"a b": {"program": "sh"}}}""", "has a name that no command can have")]
    [InlineData("""{"commands": {"a,b": {"program": "sh"}}}""", "has a name that no command can have")]
    [InlineData("""{"commands": {"a": {}}}""", "commands.a names no program")]
    [InlineData("""{"commands": {"\ud800": {}}}""", "holds a text that is none")]
    public void ABrokenFileIsRefused(string json, string problem) => Expect(json, problem);

    [Theory]
    [InlineData("\"program\": 1", "program is 1. It takes a text")]
    [InlineData("\"program\": \"bin/x\"", "program is a path that is not absolute")]
    [InlineData("\"program\": \"/nowhere/x\"", "program is no program that this user may run")]
    [InlineData("\"program\": \"/etc/passwd\"", "program is no program that this user may run")]
    [InlineData("\"program\": \"/tmp\"", "program is no program that this user may run")]
    [InlineData("\"program\": \"no-such-program\"", "program is no program in PATH")]
    [InlineData("\"arguments\": \"-x\"", "arguments is \"-x\". It takes a list")]
    [InlineData("\"arguments\": [\"{\"]", "arguments[0] has a { that begins no field")]
    [InlineData("\"arguments\": [\"a\", \"{}\"]", "arguments[1] has a { that begins no field")]
    [InlineData("\"arguments\": [\"a}\"]", "arguments[0] has a } that ends no field")]
    [InlineData("\"arguments\": [\"a\\u0000\"]", "arguments[0] has a NUL character")]
    [InlineData("\"arguments\": [\"{name}\"]", "arguments[0] has {name}, which the schema does not check")]
    [InlineData("\"arguments\": [\"{name}\"], \"schema\": {\"type\": \"object\"}", "arguments[0] has {name}, which the schema does not check")]
    [InlineData("\"arguments\": [\"{a}\"], \"schema\": {\"type\": \"object\", \"properties\": {\"a\": {}}, \"required\": [\"a\"]}", "which may be no text")]
    [InlineData("\"arguments\": [\"{a}\"], \"schema\": {\"type\": \"object\", \"properties\": {\"a\": {\"type\": [\"null\"]}}}", "may be no text")]
    [InlineData("\"arguments\": [\"{a}\"], \"schema\": {\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}}", "which a payload may lack")]
    [InlineData("\"payload\": \"shell\"", "payload is \"shell\". Set it to one of none, stdin, argument, file")]
    [InlineData("\"payload\": \"file\"", "payload is file, and no argument has {payload}")]
    [InlineData("\"payload\": \"argument\"", "payload is argument, and no argument has {payload}")]
    [InlineData("\"schema\": {\"properties\": {\"x\": {\"oneOf\": []}}}", "commands.own.schema.properties.x.oneOf is not known here")]
    [InlineData("\"env\": {\"A\": \"b\"}", "env is an object. It takes a list")]
    [InlineData("\"env\": [\"A-B\"]", "env[0] is no variable")]
    [InlineData("\"env\": [\"NOT_SET_ANYWHERE\"]", "env[0] is not set in the runner's environment")]
    [InlineData("\"env\": [\"A=1\", \"A=2\"]", "env[1] names A again")]
    [InlineData("\"env\": [\"WORKER_TOKEN\"]", "env[0] is a secret of the runner's")]
    [InlineData("\"env\": [\"WORKER_TOKEN=x\"]", "env[0] is a secret of the runner's")]
    [InlineData("\"env\": [\"WORKER_TOKEN_FILE\"]", "env[0] is a secret of the runner's")]
    [InlineData("\"env\": [\"LLM_API_KEY\"]", "env[0] is a secret of the runner's")]
    [InlineData("\"env\": [\"CREDENTIALS_DIRECTORY\"]", "env[0] is a secret of the runner's")]
    [InlineData("\"env\": [\"X=" + Trial.Secret + "\"]", "holds the runner's own token")]
    [InlineData("\"working_folder\": \"here\"", "working_folder is not absolute")]
    [InlineData("\"working_folder\": \"/nowhere\"", "working_folder is no folder. Make it")]
    [InlineData("\"timeout_seconds\": \"soon\"", "timeout_seconds is \"soon\". It takes a number of seconds from 0.1 to 604800; without it 900 is used")]
    [InlineData("\"timeout_seconds\": 0", "timeout_seconds is 0. It takes a number of seconds from 0.1")]
    [InlineData("\"idle_timeout_seconds\": -1", "idle_timeout_seconds is -1")]
    [InlineData("\"grace_seconds\": 61", "grace_seconds is 61")]
    [InlineData("\"result_bytes\": 8388609", "result_bytes is 8388609. It takes a whole number of bytes from 1 to 8388608")]
    [InlineData("\"success_codes\": []", "success_codes is empty")]
    [InlineData("\"success_codes\": [256]", "success_codes[0] is 256")]
    [InlineData("\"requires_approval\": \"yes\"", "requires_approval is \"yes\". It takes true or false")]
    [InlineData("\"sandbox\": \"docker\"", "sandbox is \"docker\". Set it to one of none, systemd, bwrap")]
    [InlineData("\"sandbox\": {}", "sandbox has no kind")]
    [InlineData("\"sandbox\": {\"kind\": \"none\", \"network\": false}", "sandbox of kind none keeps nothing")]
    [InlineData("\"sandbox\": {\"kind\": \"none\", \"write\": [\"a b\"]}", "sandbox.write[0] is no path that a sandbox can be told")]
    [InlineData("\"shell\": \"rm\"", "commands.own.shell is not known here")]
    public void ABrokenCommandIsRefused(string member, string problem)
    {
        var program = member.Contains("\"program\"", StringComparison.Ordinal) ? "" : ",\n    \"program\": \"sh\"";
        Expect($"{{\n\"commands\": {{\n  \"own\": {{\n    {member}{program} }} }} }}", problem, "line 4: ");
    }

    [Fact]
    public void ASandboxThatIsNotThereIsRefused()
    {
        var bare = Trial.Everything with { HasSystemd = false, Find = static name => name == "bwrap" ? null : "/usr/bin/" + name };
        Assert.Contains("needs systemd", Single("systemd"), StringComparison.Ordinal);
        Assert.Contains("needs the program bwrap", Single("bwrap"), StringComparison.Ordinal);
        Assert.Contains("can't be kept by bwrap", Assert.Single(Trial.Read(
            """{"commands": {"a": {"program": "x", "sandbox": {"kind": "bwrap", "memory_mib": 5}}}}""", Trial.Everything).Problems), StringComparison.Ordinal);

        string Single(string kind) => Assert.Single(Trial.Read($$"""{"commands": {"a": {"program": "x", "sandbox": "{{kind}}"} } }""", bare).Problems);
    }

    [Fact]
    public void CommandsNeedLinux() => Assert.Contains("on Linux alone. Leave RUNNER_CONFIG out",
        Assert.Single(Trial.Read("{}", Trial.Everything with { IsLinux = false }).Problems), StringComparison.Ordinal);

    [Fact]
    public void TheRunnersTokenMayStandNowhere() => Assert.Contains("holds the runner's own token",
        Assert.Single(Trial.Read($$"""{"commands": {"a": {"program": "x", "arguments": ["{{Trial.Secret}}"]} } }""", Trial.Everything).Problems),
        StringComparison.Ordinal);

    [Fact]
    public void AllThatIsWrongIsSaidAtOnceWithItsLine()
    {
        var (_, problems) = Trial.Read("""
            {
              // Comments and a comma at the end are allowed.
              "commands": {
                "one": { "program": "no-such-program", "timeout_seconds": "soon" },
                "two": {
                  "program": "sh",
                  "arguments": ["{x}"],
                  "colour": "red",
                },
              },
            }
            """);
        Assert.Equal(
        [
            "runner.json, line 4: commands.one.program", "runner.json, line 4: commands.one.timeout_seconds",
            "runner.json, line 8: commands.two.colour", "runner.json, line 7: commands.two.arguments[0]",
        ], problems.Select(static p => p[..p.IndexOf(' ', p.LastIndexOf(": commands", StringComparison.Ordinal) + 2)]));
    }

    [Fact]
    public void ABrokerCanBeToldOfAllOfThem()
    {
        var one = $$"""{"program": "x", "description": "{{new string('d', 1900)}}", "schema": {"description": "{{new string('s', 1000)}}"} }""";
        Assert.Contains("more than a broker takes", Assert.Single(Many(99, one)), StringComparison.Ordinal);
        Assert.Contains("has 101 commands", Assert.Single(Many(101, """{"program": "x"}""")), StringComparison.Ordinal);

        static IReadOnlyList<string> Many(int count, string one) => Trial.Read(
            $$"""{"commands": {{{string.Join(',', Enumerable.Range(0, count).Select(n => $"\"c{n}\": {one}"))}} } }""", Trial.Everything).Problems;
    }

    /// <summary>What decides what would run is in the definition; the rest is not.</summary>
    [Theory]
    [InlineData("\"program\": \"y\"", true)]
    [InlineData("\"program\": \"x\", \"arguments\": [\"a\"]", true)]
    [InlineData("\"program\": \"x\", \"arguments\": [\"\"]", true)]
    [InlineData("\"program\": \"x\", \"payload\": \"stdin\"", true)]
    [InlineData("\"program\": \"x\", \"schema\": {}", true)]
    [InlineData("\"program\": \"x\", \"env\": [\"A\"]", true)]
    [InlineData("\"program\": \"x\", \"env\": [\"A=1\"]", true)]
    [InlineData("\"program\": \"x\", \"working_folder\": \"/srv\"", true)]
    [InlineData("\"program\": \"x\", \"sandbox\": \"bwrap\"", true)]
    [InlineData("\"program\": \"x\", \"sandbox\": {\"kind\": \"systemd\", \"tasks\": 5}", true)]
    [InlineData("\"program\": \"x\", \"description\": \"d\", \"timeout_seconds\": 5, \"success_codes\": [1], \"requires_approval\": true", false)]
    public void TheDefinitionChangesWithWhatWouldRun(string members, bool changes) =>
        Assert.Equal(changes, Hash(members) != Hash("\"program\": \"x\""));

    [Fact]
    public void TheDefinitionTellsListsApartAndNoWhiteSpace()
    {
        Assert.NotEqual(Hash("\"program\": \"x\", \"arguments\": [\"a\", \"b\"]"), Hash("\"program\": \"x\", \"arguments\": [\"ab\"]"));
        Assert.NotEqual(Hash("\"program\": \"x\", \"arguments\": [\"A=1\"]"), Hash("\"program\": \"x\", \"env\": [\"A=1\"]"));
        Assert.NotEqual(Hash("\"program\": \"x\", \"sandbox\": {\"kind\": \"systemd\", \"memory_mib\": 5}"),
            Hash("\"program\": \"x\", \"sandbox\": {\"kind\": \"systemd\", \"tasks\": 5}"));
        Assert.Equal(Hash("\"program\": \"x\", \"schema\": {\"type\":\"object\"}"), Hash("\"program\": \"x\", \"schema\": { \"type\" : \"object\" }"));
        Assert.Equal(64, Hash("\"program\": \"x\"").Length);
    }

    /// <summary>The examples of the documentation are files that a runner takes.</summary>
    [Fact]
    public void EachExampleOfTheDocumentationIsRead()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/runner.md"));
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var examples = Example().Matches(page).Concat(Example().Matches(readme)).Select(static m => m.Groups[1].Value).ToList();
        Assert.Single(Example().Matches(readme));
        Assert.InRange(examples.Count, 3, 20);
        foreach (var example in examples) Assert.Equal([], Trial.Read(example, Trial.Everything).Problems);
        var commands = examples.SelectMany(static e => Trial.Read(e, Trial.Everything).Commands).ToList();
        Assert.Contains(commands, static c => c is { RequiresApproval: true, Name: "deploy" });
        Assert.All(SchemaKeywords(), keyword => Assert.Contains($"`{keyword}`", page, StringComparison.Ordinal));
        foreach (var command in commands) Assert.Equal(command.SchemaJson is not null, command.Told.Schema is not null);

        static string[] SchemaKeywords()
        {
            var problems = new FileProblems("x");
            SchemaReader.Read(new FileNode(JsonDocument.Parse("""{"nope": 1}""").RootElement, "", problems));
            return problems.All[0].Split("one of ")[1].Split(", or delete")[0].Split(", ");
        }
    }

    private static string Hash(string members)
    {
        var (commands, problems) = Trial.Read($$"""{"commands": {"own": {{{members}}} } }""", Trial.Everything);
        Assert.Equal([], problems);
        return commands[0].Hash;
    }

    private static void Expect(string json, string problem, string line = "")
    {
        var problems = Trial.Read(json).Problems;
        var said = problems.First(p => p.Contains(problem, StringComparison.Ordinal));
        Assert.StartsWith($"runner.json{(line.Length > 0 ? ", " + line : "")}", said, StringComparison.Ordinal);
        Assert.All(problems, static p => Assert.Matches(Repair(), p));
    }

    /// <summary>Each says what to do.</summary>
    [GeneratedRegex(@"[.:;] (or )?(Set|Give|Write|Delete|Name|Make|Correct|Use|Run|Check|Leave|correct|put|set)\b")]
    private static partial Regex Repair();

    [GeneratedRegex("```json\\n(\\{\\s*\"commands\".*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
