using System.Diagnostics;
using System.Text.Json;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Repositories;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>A folder of repositories with one that is called <c>shop</c>, and the commands that show it.</summary>
internal sealed class RepositoryTrial : IDisposable
{
    public const string Tracked = "src/a.cs", Content = "class Shop\n{\n    int price;\n}\n";

    private readonly TempFolder folder = new();
    private OrderedDictionary<string, IHandler>? handlers;

    public RepositoryTrial()
    {
        Base = Directory.CreateDirectory(folder.File("base")).FullName;
        Shop = Directory.CreateDirectory(Path.Combine(Base, "shop")).FullName;
        State = Directory.CreateDirectory(folder.File("state")).FullName;
        Marker = folder.File("marker");
        Git("init", "-q", "-b", "main");
        Write(Tracked, Content);
        Commit("First");
        List("""{"shop": "shop"}""");
    }

    public string Base { get; }

    /// <summary>The repository's folder.</summary>
    public string Shop { get; }

    public string State { get; }

    /// <summary>A file that no command may make.</summary>
    public string Marker { get; }

    /// <summary>Changes what the commands are set to; before the first is run.</summary>
    public Func<RepositorySettings, RepositorySettings> With { get; init; } = static s => s;

    public RepositorySettings Settings => With(new RepositorySettings
    {
        ListFile = folder.File("repos.json"), Base = Base, Git = Find("git")!, Ripgrep = Find("rg"),
    });

    /// <summary>A path outside of the base.</summary>
    public string Outside(string name) => folder.File(name);

    public void List(string json) => File.WriteAllText(folder.File("repos.json"), json);

    public void Write(string path, string text)
    {
        var file = Path.Combine(Shop, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public void Commit(string subject)
    {
        Git("add", "-A", "-f");
        Git("-c", "user.name=Anna Ä", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false", "commit", "-q", "--allow-empty", "-m", subject);
    }

    /// <summary>Git as its owner runs it.</summary>
    public string Git(params string[] arguments) => Run("git", ["-C", Shop, .. arguments]);

    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in (string[])["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"]) start.Environment[name] = "/dev/null";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {error.GetAwaiter().GetResult()}");
        return output;
    }

    /// <summary>A program of a shell script that leaves <see cref="Marker"/>; what it is given on standard input it gives back.</summary>
    public string Trap()
    {
        var path = folder.File("trap");
        File.WriteAllText(path, $"#!/bin/sh\ntouch '{Marker}'\nexec cat\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    public Task<Outcome> RunAsync(string command, string payload, CancellationToken stop = default)
    {
        var runner = new RunnerContext("worker-1", State, TimeProvider.System);
        handlers ??= All.Create(runner, more: ShownRepositories.Handlers(Settings, runner));
        return handlers[command].RunAsync(new JobContext
        {
            Id = Guid.NewGuid().ToString(), Attempt = 1, Command = command, Payload = payload, Stop = stop,
        });
    }

    public Task<Outcome> RunAsync(string command, object payload) => RunAsync(command, JsonSerializer.Serialize(payload));

    public async Task<JsonElement> AnswerAsync(string command, object payload)
    {
        var outcome = await RunAsync(command, payload);
        return JsonDocument.Parse(Assert.IsType<Succeeded>(outcome).Result).RootElement;
    }

    public async Task<JsonElement> DataAsync(string command, object payload) => (await AnswerAsync(command, payload)).GetProperty("data");

    public async Task<string> MatchesAsync(string query, string path = "") =>
        (await DataAsync("repo_grep", new { repo = "shop", query, path })).GetProperty("matches").GetString()!;

    /// <summary>Fails for good, with this error.</summary>
    public async Task RefusesAsync(string error, string command, object payload) =>
        Assert.Equal(new Failed(error, IsRetryable: false), await RunAsync(command, payload));

    public void Dispose() => folder.Dispose();

    private static string? Find(string program) => OperatingSystem.IsLinux() ? Machine.Locate(program) : null;
}
