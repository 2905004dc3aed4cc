using System.Diagnostics;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Repositories;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Repositories;

/// <summary>What a tool may take: time, output, and processes that outlive it.</summary>
public sealed class ToolTests : IDisposable
{
    private readonly RepositoryTrial trial = new();

    public void Dispose() => trial.Dispose();

    [Fact]
    public async Task OutputWithoutEndIsCutWhileItComes()
    {
        if (!OperatingSystem.IsLinux()) return;
        var tool = new Tool(trial.Settings, TimeProvider.System, CancellationToken.None);
        var watch = Stopwatch.StartNew();
        var end = await tool.RunAsync(Machine.Locate("yes")!, [], [], "/").WaitAsync(Broken.After);
        Assert.True(end.IsCut);
        Assert.Null(end.ExitCode);
        Assert.Equal(20_000, end.Output.Length);
        Assert.True(watch.Elapsed < trial.Settings.TimeLimit);
    }

    [Fact]
    public async Task TheTimeLimitEndsAllThatWasStarted()
    {
        var git = trial.Outside("git");
        var pids = trial.Outside("pids");
        File.WriteAllText(git, $"#!/bin/sh\ntrap '' TERM\nsleep 600 &\necho $$ $! > '{pids}'\nwait; sleep 600\n");
        RepositoryTrial.Run("chmod", "+x", git);
        using var slow = new RepositoryTrial { With = s => s with { Git = git, TimeLimit = TimeSpan.FromSeconds(1.5) } };
        Assert.Equal(new Failed("command timed out after 1.5s", IsRetryable: true),
            await slow.RunAsync("repo_last_commit", new { repo = "shop" }).WaitAsync(Broken.After));
        foreach (var pid in (await File.ReadAllTextAsync(pids)).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)) await GoneAsync(pid);
    }

    [Fact]
    public async Task AJobThatIsStoppedEndsItsTool()
    {
        var git = trial.Outside("git");
        var pids = trial.Outside("pids");
        File.WriteAllText(git, $"#!/bin/sh\necho $$ > '{pids}'\nexec sleep 600\n");
        RepositoryTrial.Run("chmod", "+x", git);
        using var slow = new RepositoryTrial { With = s => s with { Git = git, TimeLimit = TimeSpan.FromSeconds(600) } };
        using var stop = new CancellationTokenSource();
        var run = slow.RunAsync("repo_last_commit", """{"repo": "shop"}""", stop.Token);
        while (!File.Exists(pids) || new FileInfo(pids).Length == 0) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Broken.After));
        await GoneAsync((await File.ReadAllTextAsync(pids)).Trim());
    }

    [Fact]
    public async Task AToolThatIsGoneFailsTheJob()
    {
        using var without = new RepositoryTrial { With = static s => s with { Git = "/nowhere/git" } };
        var failed = Assert.IsType<Failed>(await without.RunAsync("repo_status", new { repo = "shop" }));
        Assert.StartsWith("can't start: /nowhere/git is gone", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void TheBeginningOfATextCutsNoCharacter()
    {
        var text = new CutText(5);
        text.Add([0x61, 0xc3]);
        text.Add([0xa4, 0x62, 0xc3]);
        Assert.Equal(("aäb\ufffd", false), (text.Text, text.IsCut));
        text.Add([0xa4]);
        Assert.Equal(("aäb", true), (text.Text, text.IsCut));
    }

    /// <summary>Whoever was reparented is reaped by another, a moment later.</summary>
    private static async Task GoneAsync(string id)
    {
        for (var n = 0; n < 200 && IsAlive(id); n++) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        Assert.False(IsAlive(id), id);

        static bool IsAlive(string id) => File.Exists($"/proc/{id}/stat") && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
    }
}
