using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Dev;

/// <summary>The broker and the runner of <c>dev</c>.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class DevSystem : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    /// <summary>Names of our own that a child must not take from the environment of <c>dev</c>.</summary>
    private static readonly string[] Foreign =
    [
        Variables.BotToken, Variables.WorkerToken, Variables.AdminToken, Variables.WorkerCaps,
        "CREDENTIALS_DIRECTORY", "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS",
    ];

    private readonly DevFolder folder;
    private readonly Uri url;
    private readonly HttpClient http = BrokerHttp.Create();
    private readonly BrokerClient client;
    private readonly TimeProvider clock = TimeProvider.System;
    private readonly List<Child> children = [];
    private string firstJob = "";
    private string firstResult = "";

    public DevSystem(DevFolder folder, int port)
    {
        this.folder = folder;
        url = new Uri($"http://127.0.0.1:{port}");
        client = new BrokerClient(http, url, new BrokerCredentials { BotToken = folder.BotToken }, clock);
    }

    /// <summary>Starts both and sees a job through them.</summary>
    public async Task StartAsync(Messages messages, CancellationToken stop)
    {
        await StepAsync(messages, "broker", StartBroker(), WaitForBrokerAsync, stop);
        folder.SetUrl(url);
        await StepAsync(messages, "runner", StartRunner(), PingAsync, stop);
    }

    /// <summary>What a person can do now.</summary>
    public string Describe() => $"""

          ping hello   {firstResult}

          health       {url}health
          dashboard    {url}dashboard (its token is in {folder.AdminTokenFile})
          logs         {folder.File("broker.log")}, {folder.File("runner.log")}

        Send a job:
          curl -s {url}jobs -H 'X-Bot-Token: {folder.BotToken}' -H 'Content-Type: application/json' -d '{"{"}"command": "ping", "payload": "hello"{"}"}'

        Read a job, here the one above; a job that still runs is waited for:
          curl -s '{url}jobs/{firstJob}?wait=30' -H 'X-Bot-Token: {folder.BotToken}'

        """;

    /// <summary>Ends with an exception: of cancellation, or of the child that died.</summary>
    public async Task UntilOneEndsAsync(CancellationToken stop)
    {
        await Task.WhenAny(children.Select(c => c.Exited)).WaitAsync(stop);
        await ThrowIfDeadAsync(stop);
    }

    public async Task StopAsync(TimeSpan grace)
    {
        folder.ClearUrl();
        await Task.WhenAll(children.Select(c => c.StopAsync(grace)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var child in children) await child.DisposeAsync();
        http.Dispose();
    }

    private Func<Child> StartBroker()
    {
        var program = ProgramFiles.Find("OpenClaw.Broker", "openclaw-broker");
        var environment = ForChild(new()
        {
            [Variables.BrokerDb] = folder.File("broker.db"),
            [Variables.BrokerHost] = url.Host,
            [Variables.BrokerPort] = url.Port.ToString(CultureInfo.InvariantCulture),
            [Variables.BotToken + "_FILE"] = folder.BotTokenFile,
            [Variables.WorkerToken + "_FILE"] = folder.WorkerTokenFile,
            [Variables.AdminToken + "_FILE"] = folder.AdminTokenFile,
        });
        return () => Child.Start("broker", program, environment, folder.File("broker.log"));
    }

    private Func<Child> StartRunner()
    {
        var program = ProgramFiles.Find("OpenClaw.Runner", "openclaw-runner");
        var environment = ForChild(new()
        {
            [Variables.BrokerUrl] = url.AbsoluteUri,
            [Variables.WorkerToken + "_FILE"] = folder.WorkerTokenFile,
            [Variables.RunnerStateDir] = folder.File("runner"),
            [Variables.WorkerId] = "dev",
            [Variables.PollIntervalSec] = "1",
        });
        return () => Child.Start("runner", program, environment, folder.File("runner.log"));
    }

    private static Dictionary<string, string?> ForChild(Dictionary<string, string?> environment)
    {
        foreach (var name in Foreign) environment[name] = null;
        return environment;
    }

    /// <summary>Starts a child and waits until it has proved itself, counting the seconds.</summary>
    private async Task StepAsync(Messages messages, string name, Func<Child> start, Func<CancellationToken, Task<bool>> isReadyAsync, CancellationToken stop)
    {
        var started = clock.GetTimestamp();
        children.Add(start());
        while (!await isReadyAsync(stop))
        {
            await ThrowIfDeadAsync(stop);
            var elapsed = clock.GetElapsedTime(started);
            if (elapsed > StartTime) throw new DevException($"the {name} does not answer after {StartTime.TotalSeconds} s.{LastWords(children[^1])}");
            messages.Step(string.Create(CultureInfo.InvariantCulture, $"  {name,-12} starting, {elapsed.TotalSeconds:0} s"));
            await Task.Delay(Glance, clock, stop);
        }
        messages.Say(string.Create(CultureInfo.InvariantCulture, $"  {name,-12} ready after {clock.GetElapsedTime(started).TotalSeconds:0.0} s"));
    }

    private async Task<bool> WaitForBrokerAsync(CancellationToken stop)
    {
        try
        {
            return (await client.GetHealthAsync(stop)).Ok;
        }
        catch (BrokerException)
        {
            return false;
        }
    }

    /// <summary>Whether the first job is done; the first call sends it.</summary>
    private async Task<bool> PingAsync(CancellationToken stop)
    {
        try
        {
            if (firstJob.Length == 0) firstJob = (await client.CreateAsync(new CreateJob("ping", "hello"), stop: stop)).Id;
            var job = await client.GetAsync(firstJob, stop: stop);
            if (JobStatuses.IsFinal(job.Status) && job.Result != "pong: hello")
            {
                throw new DevException($"the first job ended {job.Status}: {job.Error ?? job.Result}.{LastWords(children[^1])}");
            }
            firstResult = job.Result ?? "";
            return JobStatuses.IsFinal(job.Status);
        }
        catch (BrokerException e)
        {
            throw new DevException($"the broker did not take the first job ({e.Message}).{LastWords(children[0])}");
        }
    }

    /// <summary>Ctrl-C may end a child a moment before we hear of it: then that is no death.</summary>
    private async Task ThrowIfDeadAsync(CancellationToken stop)
    {
        if (children.FirstOrDefault(c => c.Exited.IsCompleted) is not { } dead) return;
        await Task.Delay(4 * Glance, clock, stop);
        throw new DevException($"the {dead.Name} ended by itself with exit code {dead.ExitCode}.{LastWords(dead)}");
    }

    private string LastWords(Child child)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $" The end of {folder.File(child.Name + ".log")}:");
        foreach (var line in child.LastLines) text.AppendLine().Append("  | ").Append(line);
        if (child.LastLines.Count == 0) text.Append(" (empty)");
        return text.ToString();
    }
}
