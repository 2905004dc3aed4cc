using System.Text;
using OpenClaw.Contracts;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>A command, read from its JSON as the file has it, and run with real processes.</summary>
internal sealed class Trial : IDisposable
{
    public const string JobId = "11111111-1111-4111-8111-111111111111";
    public const string Secret = "worker-token-that-nobody-may-see";

    private readonly Func<JobContext, Task<Outcome>> run;

    public Trial(string command, IReadOnlyList<string>? hiddenFiles = null)
    {
        Source = command;
        var (commands, problems) = Read($$"""{"commands": {"own": {{command}} } }""");
        Assert.Equal([], problems);
        Definition = Assert.Single(commands);
        var runner = new RunnerContext("worker-1", Folder.Path, TimeProvider.System);
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException();
        run = new CommandHandler(Definition, runner, new Hidden(Folder.Path, hiddenFiles ?? [])).RunAsync;
    }

    public TempFolder Folder { get; } = new();

    public CommandDefinition Definition { get; }

    /// <summary>Its JSON.</summary>
    public string Source { get; }

    public Watcher Output { get; } = new();

    /// <summary>A command of a shell script; the rest of it are more members.</summary>
    public static Trial Script(string script, string rest = "", params string[] arguments) => new(
        $$"""{"program": "sh", "arguments": [{{string.Join(", ", ((string[])["-c", Braced(script), "own", .. arguments]).Select(Quote))}}]{{rest}} }""");

    public static (IReadOnlyList<CommandDefinition> Commands, IReadOnlyList<string> Problems) Read(string json, Machine? machine = null) =>
        CommandFile.Parse(Encoding.UTF8.GetBytes(json), "runner.json", machine ?? Here);

    public static Machine Here => Machine.Of(Programs.Settings.Load(Environment.GetEnvironmentVariable, null), [Secret]);

    /// <summary>One on which everything is.</summary>
    public static Machine Everything => new(
        static name => name.StartsWith('/') ? name : "/usr/bin/" + name, static _ => true, static _ => "value", [Secret], HasSystemd: true, IsLinux: true);

    public Task<Outcome> RunAsync(string payload = "", JobView? claim = null, CancellationToken stop = default) =>
        run(new JobContext { Id = JobId, Attempt = 1, Command = "own", Payload = payload, Stop = stop, Output = Output, Claim = claim });

    public static void WriteProgram(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public async Task<string> ResultAsync(string payload = "") => Assert.IsType<Succeeded>(await RunAsync(payload)).Result;

    public async Task<Failed> FailureAsync(string payload = "") => Assert.IsType<Failed>(await RunAsync(payload));

    public void Dispose() => Folder.Dispose();

    public static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private static string Braced(string script) => script.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}

/// <summary>What a job writes while it runs.</summary>
internal sealed class Watcher : IJobOutput
{
    private readonly Lock gate = new();
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<(int, string?)> Reports { get; } = [];

    public string Errors
    {
        get
        {
            lock (gate) return errors.ToString();
        }
    }

    public string Text
    {
        get
        {
            lock (gate) return output.ToString();
        }
    }

    public async Task<string> WroteAsync(string text)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (output.ToString() is var all && all.Contains(text, StringComparison.Ordinal)) return all;
                next = written.Task;
            }
            await next.WaitAsync(Broken.After);
        }
    }

    public void Write(OutputStream stream, string text)
    {
        lock (gate)
        {
            if (stream == OutputStream.Error) errors.Append(text);
            else if (output.Length < 1000) output.Append(text);
            written.TrySetResult();
            written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Report(int percent, string? message) => Reports.Add((percent, message));

    public void Chunk(string type, string? content, System.Text.Json.JsonElement? metadata)
    {
    }
}
