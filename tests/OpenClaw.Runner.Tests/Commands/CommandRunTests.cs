using System.Diagnostics;
using System.Globalization;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>Commands as real processes, hostile ones among them.</summary>
public sealed class CommandRunTests
{
    private const string Named =
        """, "schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "n": {"type": "integer", "default": 7}}}""";

    [Theory]
    [InlineData("; rm -rf /")]
    [InlineData("$(id) `id` ${HOME} && id | id > x")]
    [InlineData("a b\tc\nd \"e\" 'f' \\")]
    [InlineData("ä🦀")]
    [InlineData("")]
    public async Task AFieldStaysOneArgument(string name)
    {
        using var trial = Trial.Script("printf '%s|' \"$@\"; echo $#", Named, "{name}", "--name={name}", "{{x}}", "{n}");
        Assert.Equal($"{name}|--name={name}|{{x}}|7|4\n", await trial.ResultAsync($$"""{"name": {{Trial.Quote(name)}}}"""));
    }

    [Fact]
    public async Task AFieldMayNotPassForAnOption()
    {
        using var trial = Trial.Script("echo \"$1\"", Named, "{name}");
        Assert.Equal(new Failed("payload.name begins with a -, which could be taken for an option", false), await trial.RunAsync("""{"name": "-rf"}"""));
        using var behind = Trial.Script("echo \"$1\"", Named, "x{name}");
        Assert.Equal("x-rf\n", await behind.ResultAsync("""{"name": "-rf"}"""));
        var narrow = Named.Replace("\"string\"", "\"string\", \"pattern\": \"^-[a-z]$\"", StringComparison.Ordinal);
        using var thought = Trial.Script("echo \"$1\"", narrow, "{name}");
        Assert.Equal("-r\n", await thought.ResultAsync("""{"name": "-r"}"""));
        using var number = Trial.Script("echo \"$1\"", Named, "{n}");
        Assert.Equal("-5\n", await number.ResultAsync("""{"name": "x", "n": -5}"""));
        using var whole = Trial.Script("echo \"$1\"", """, "payload": "argument" """, "{payload}");
        Assert.Equal(new Failed("payload begins with a -, which could be taken for an option", false), await whole.RunAsync("-x"));
    }

    [Theory]
    [InlineData("", "payload is no JSON, which this command takes: it is empty")]
    [InlineData("hello", "payload is no JSON, which this command takes: ")]
    [InlineData("{}", "payload.name is missing")]
    [InlineData("""{"name": 5}""", "payload.name must be of type string")]
    [InlineData("""{"name": null}""", "payload.name must be of type string")]
    [InlineData("""{"name": "a", "name": "b"}""", "payload is no JSON, which this command takes: ")]
    [InlineData("""{"name": "\ud800"}""", "payload holds half a character")]
    [InlineData("""{"name": "a\u0000b"}""", "payload has a NUL character, which no argument can hold: name")]
    [InlineData("""{"name": "a", "n": 1.5}""", "payload.n must be of type integer")]
    public async Task APayloadThatDoesNotFitFailsForGood(string payload, string error)
    {
        using var trial = Trial.Script("echo ran", Named, "{name}", "{n}");
        var failed = await trial.FailureAsync(payload);
        Assert.False(failed.IsRetryable);
        Assert.StartsWith(error, failed.Error, StringComparison.Ordinal);
        Assert.Equal("", trial.Output.Text);
    }

    [Theory]
    [InlineData("stdin", "cat")]
    [InlineData("argument", "printf %s \"$1\"")]
    [InlineData("file", "cat \"$1\"; rm -f \"$1\"; [ ! -s /dev/stdin ] || echo input")]
    public async Task ThePayloadComesAsItIs(string way, string script)
    {
        string[] arguments = way == "stdin" ? [] : ["{payload}"];
        using var trial = Trial.Script(script, $$""", "payload": "{{way}}" """, arguments);
        var payload = string.Concat(Enumerable.Repeat("ä\"'$(id)\n", way == "argument" ? 1000 : 20_000));
        Assert.Equal(payload, await trial.ResultAsync(payload));
    }

    [Fact]
    public async Task AnArgumentThatIsTooLongSaysWhatHelps()
    {
        using var trial = Trial.Script("echo ran", """, "payload": "argument" """, "{payload}");
        Assert.Equal(new Failed("can't start: the arguments are longer than this system takes; send the payload by stdin or file", false),
            await trial.RunAsync(new string('x', 200_000)));
    }

    [Fact]
    public async Task AProgramThatReadsNoInputIsNoFault()
    {
        using var trial = Trial.Script("exec <&-; echo done", """, "payload": "stdin" """);
        Assert.Equal("done\n", await trial.ResultAsync(new string('x', 5_000_000)));
    }

    [Fact]
    public async Task AnExitCodeIsASuccessOrAFailureWithTheLastErrors()
    {
        using var fails = Trial.Script("echo out; echo 'no room' >&2; exit 3");
        Assert.Equal(new Failed("exit code 3: no room"), await fails.RunAsync());
        Assert.Equal(("out\n", "no room\n"), (fails.Output.Text, fails.Output.Errors));
        using var fine = Trial.Script("echo out; exit 3", """, "success_codes": [0, 3]""");
        Assert.Equal("out\n", await fine.ResultAsync());
        using var silent = Trial.Script("exit 4");
        Assert.Equal(new Failed("exit code 4"), await silent.RunAsync());
        using var killed = Trial.Script("echo why >&2; kill -9 $$");
        Assert.Equal(new Failed("ended by signal 9 (SIGKILL): why"), await killed.RunAsync());
        using var crashed = Trial.Script("kill -11 $$");
        Assert.Equal(new Failed("ended by signal 11 (SIGSEGV)"), await crashed.RunAsync());
    }

    [Fact]
    public async Task ProgressIsReportedAndNotPartOfTheResult()
    {
        using var trial = Trial.Script("echo a; echo '::progress 40 copying'; echo b");
        Assert.Equal("a\nb\n", await trial.ResultAsync());
        Assert.Equal([(40, "copying")], trial.Output.Reports);
        Assert.Equal("a\nb\n", trial.Output.Text);
    }

    [Fact]
    public async Task TheEnvironmentIsWhatTheFileSays()
    {
        Environment.SetEnvironmentVariable("OWN_TEST_TAKEN", "taken");
        Environment.SetEnvironmentVariable("OWN_TEST_LEFT", "left");
        Environment.SetEnvironmentVariable("WORKER_TOKEN", Trial.Secret);
        try
        {
            using var trial = Trial.Script("env", """, "env": ["OWN_TEST_TAKEN", "FIXED=a=b", "LANG=xx"]""");
            var lines = (await trial.ResultAsync()).Split('\n');
            Assert.Contains("OWN_TEST_TAKEN=taken", lines);
            Assert.Contains("FIXED=a=b", lines);
            Assert.Contains("LANG=xx", lines);
            Assert.Contains($"OPENCLAW_JOB_ID={Trial.JobId}", lines);
            string[] known =
                ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "OWN_TEST_TAKEN", "FIXED", "OPENCLAW_JOB_ID", "OPENCLAW_ATTEMPT", "PWD", "OLDPWD", "SHLVL", "_", ""];
            Assert.DoesNotContain(lines.Select(static l => l.Split('=')[0]), n => !known.Contains(n) && !n.StartsWith("LC_", StringComparison.Ordinal));
        }
        finally
        {
            foreach (var name in (string[])["OWN_TEST_TAKEN", "OWN_TEST_LEFT", "WORKER_TOKEN"]) Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Fact]
    public async Task NoDescriptorIsInherited()
    {
        using var file = File.OpenHandle(typeof(CommandRunTests).Assembly.Location);
        using var trial = Trial.Script("ls /proc/self/fd | tr '\\n' ' '; cat; cat /proc/self/status | grep -E '^Sig(Blk|Ign)'");
        // ls itself opens the folder as 3. The two signals that glibc keeps for its threads may be ignored.
        Assert.Matches("^0 1 2 3 SigBlk:\t0000000000000000\nSigIgn:\t0000000[01][08]0000000\n$", await trial.ResultAsync());
    }

    [Fact]
    public async Task EachJobHasAFolderOfItsOwnThatGoesWithIt()
    {
        using var trial = Trial.Script("ls -A; touch made; ln -s / root; pwd");
        var folder = (await trial.ResultAsync()).Trim();
        Assert.StartsWith(trial.Folder.Path, folder, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(trial.Folder.File("work")));
        using var named = Trial.Script("pwd", """, "working_folder": "/usr" """);
        Assert.Equal("/usr\n", await named.ResultAsync());
    }

    [Fact]
    public async Task AProgramThatIsGoneIsNamed()
    {
        using var folder = new TempFolder();
        var program = folder.File("own.sh");
        Trial.WriteProgram(program, "#!/bin/sh\necho ran\n");
        using var trial = new Trial($$"""{"program": "{{program}}"}""");
        Assert.Equal("ran\n", await trial.ResultAsync());
        File.Delete(program);
        Assert.Equal(new Failed($"can't start: {program} is gone, or the program that its first line names"), await trial.RunAsync());
        Trial.WriteProgram(program, "echo no first line\n");
        Assert.Contains("a script's first line has to name what runs it", (await trial.FailureAsync()).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yes | head -c 400000000")]
    [InlineData("head -c 500000000 /dev/zero")]
    [InlineData("head -c 50000000 /dev/urandom")]
    public async Task OutputWithoutEndTakesNoMemory(string script)
    {
        using var trial = Trial.Script(script, """, "result_bytes": 100000""");
        var result = await trial.ResultAsync();
        Assert.InRange(result.Length, 30_000, 100_100);
        Assert.Contains("more bytes of output were left out: the limit is 100000]", result, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 200 << 20);
    }

    [Fact]
    public async Task EndlessErrorsTakeNoMemory()
    {
        using var trial = Trial.Script("yes oh >&2 | head -c 1; yes oh | head -c 500000000 >&2; exit 1", """, "timeout_seconds": 60""");
        using var stop = new CancellationTokenSource();
        var run = trial.RunAsync(stop: stop.Token);
        await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Broken.After));
    }

    [Fact]
    public async Task SilenceEndsIt()
    {
        using var trial = Trial.Script("echo begun >&2; exec sleep 600", """, "idle_timeout_seconds": 0.5""");
        Assert.Equal(new Failed("ended after 0.5 s without output (idle_timeout_seconds): begun"), await trial.RunAsync());
        using var speaks = Trial.Script("for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done", """, "idle_timeout_seconds": 0.9""");
        Assert.Equal("1\n2\n3\n4\n5\n6\n", await speaks.ResultAsync());
    }

    [Fact]
    public async Task AllOfItEndsWhenItIsStopped()
    {
        using var trial = Trial.Script("trap 'echo bye; exit 0' TERM; sleep 600 & echo $$ $!; wait; echo never");
        await StopAsync(trial, mayTake: 4);
        Assert.Contains("bye", trial.Output.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("never", trial.Output.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trap '' TERM; sleep 600 & echo $$ $!; wait; wait; sleep 600")]
    [InlineData("(trap '' TERM; while :; do sleep 1; done) & echo $$ $!; wait")]
    [InlineData("echo $$ $$; kill -STOP $$; sleep 600")]
    public async Task WhoIgnoresTheRequestIsKilled(string script)
    {
        using var trial = Trial.Script(script, """, "grace_seconds": 0.5""");
        await StopAsync(trial, mayTake: 10);
    }

    [Theory]
    [InlineData("sleep 600 & echo $!; exit 0")]
    [InlineData("sleep 600 > /dev/null 2>&1 & echo $!; exit 0")]
    [InlineData("(trap '' TERM; exec sleep 600) & echo $!; exit 0")]
    [InlineData("(trap '' TERM; while :; do sleep 1; done) > /dev/null 2>&1 & echo $!; sleep 0.2; exit 0")]
    public async Task WhoIsLeftBehindIsEndedToo(string script)
    {
        using var trial = Trial.Script(script, """, "grace_seconds": 0.5""");
        var watch = Stopwatch.StartNew();
        var left = (await trial.ResultAsync()).Trim();
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
        await GoneAsync(left);
    }

    [Fact]
    public async Task WhoIsLeftBehindHasItsGraceToo()
    {
        using var trial = Trial.Script("(trap 'sleep 0.3; echo bye; exit' TERM; echo ready > ready; while :; do sleep 0.1; done) & "
            + "while [ ! -s ready ]; do sleep 0.1; done; echo first");
        Assert.Equal("first\nbye\n", await trial.ResultAsync());
    }

    /// <summary>Without a sandbox it can get out of the group; it must not hold the runner up for that.</summary>
    [Fact]
    public async Task WhoGetsAwayWithThePipeHoldsNobodyUp()
    {
        using var trial = Trial.Script("setsid sleep 600 & echo $!; sleep 0.3; exit 0");
        var watch = Stopwatch.StartNew();
        var left = (await trial.ResultAsync()).Trim();
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
        Process.GetProcessById(int.Parse(left, CultureInfo.InvariantCulture)).Kill();
    }

    [Fact]
    public async Task NoneIsLeftUnreaped()
    {
        for (var n = 0; n < 5; n++)
        {
            using var trial = Trial.Script("echo $$");
            Assert.False(Directory.Exists($"/proc/{(await trial.ResultAsync()).Trim()}"));
        }
    }

    [Fact]
    public async Task ManyAtOnceKeepApart()
    {
        using var trial = Trial.Script("i=0; while [ $i -lt 50 ]; do printf %s \"$1\"; i=$((i+1)); done", """, "payload": "argument" """, "{payload}");
        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(n => trial.ResultAsync($"{n},")));
        for (var n = 0; n < results.Length; n++) Assert.Equal(string.Concat(Enumerable.Repeat($"{n},", 50)), results[n]);
    }

    private static async Task StopAsync(Trial trial, int mayTake)
    {
        using var stop = new CancellationTokenSource();
        var run = trial.RunAsync(stop: stop.Token);
        var ids = (await trial.Output.WroteAsync("\n")).Split('\n')[0].Split(' ');
        var watch = Stopwatch.StartNew();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Broken.After));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, mayTake);
        foreach (var id in ids) await GoneAsync(id);
    }

    /// <summary>Whoever was reparented is reaped by another, a moment later.</summary>
    private static async Task GoneAsync(string id)
    {
        for (var n = 0; n < 200 && IsAlive(id); n++) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        Assert.False(IsAlive(id));

        static bool IsAlive(string id)
        {
            try
            {
                return !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
