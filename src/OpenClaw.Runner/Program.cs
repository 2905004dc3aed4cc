using OpenClaw.Client;
using OpenClaw.Programs;
using OpenClaw.Runner;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Outbox;
using OpenClaw.Runner.Work;

const string Usage = """
    openclaw-runner: claims jobs from an OpenClaw broker and does them.

    Usage: openclaw-runner [--check-config] [--env FILE]
           openclaw-runner enrol URL CODE [--env FILE]

      --env FILE      read variables that the environment lacks from a file of NAME=value lines
      enrol           with a line from `clawctl enrol`: fetch this machine's own token, write the file of variables, and run with it
      --check-config  read the variables, as a start does, and end
      --version       print the version
      --help          print this

    Needed: WORKER_TOKEN (or WORKER_TOKEN_FILE). Often set: BROKER_URL (http://127.0.0.1:8000), RUNNER_STATE_DIR,
    WORKER_ID, WORKER_CAPS, RUNNER_CONCURRENCY (1), POLL_INTERVAL_SEC (10), RESULT_TIMEOUT_SEC (300),
    RUNNER_CONFIG (a file of your own commands; SIGHUP has it read again), RUNNER_REPO_ALLOWLIST and RUNNER_REPOS_BASE
    (the repositories that it shows), LLM_BASE_URL and LLM_MODEL (the language model that it asks).

    Exit codes: 0 stopped by SIGTERM or SIGINT, 64 wrong arguments, 70 a bug (its line is on stderr), 74 the disk under the
    state folder fails, 78 wrong configuration (one line for each thing that is wrong on stderr).
    """;

if (args is ["enrol", var url, var oneTimeCode, .. var rest] && rest is [] or ["--env", _])
{
    var envFile = rest is [_, var named] ? named : Enrolment.DefaultEnvFile;
    if (await Enrolment.RunAsync(url, oneTimeCode, envFile) is not ExitCodes.Ok and var notEnrolled) return notEnrolled;
    args = ["--env", envFile];
}
var arguments = ServiceArguments.Read(args, "openclaw-runner", Usage);
if (arguments.ExitCode is { } answered) return answered;

var clock = TimeProvider.System;
var log = new RunnerLog(Console.Error, clock);
RunnerSettings settings;
OutboxFolder outbox;
try
{
    settings = ReadSettings();
    if (arguments.OnlyChecks) return ServiceArguments.ReportRight();
    outbox = new OutboxFolder(settings.StateFolder, log, clock);
}
catch (SettingsException e)
{
    return e.Report("openclaw-runner");
}
catch (OutboxException e)
{
    var code = new SettingsException([$"{Variables.RunnerStateDir}: {e.Message}."]).Report("openclaw-runner");
    return e.MayPass ? ExitCodes.Io : code;
}

using var shutdown = new Shutdown(log, clock);
using var http = BrokerHttp.Create();
var runner = new RunnerContext(settings.WorkerId, settings.StateFolder, clock);
using var served = ServedCommands.Of(runner, settings.Repositories, settings.Model);
using var reload = new Reload(served, runner, settings, ReadSettings, log);
var worker = new Worker(new BrokerClient(http, settings.Broker, settings.Credentials(served.Names), clock), settings, served, outbox, log, clock);
using var pings = ServiceManager.OfProcess.PingAlways(clock);
using var stopping = shutdown.Stop.Register(ServiceManager.OfProcess.Stopping);
ServiceManager.OfProcess.Ready($"claims from {settings.Broker}");
log.Started(settings.Broker, settings.WorkerId, settings.Concurrency, settings.StateFolder);
try
{
    await worker.RunAsync(shutdown.Stop, shutdown.GiveUp);
}
catch (LoopException e)
{
    return e.Cause is OutboxException ? ExitCodes.Io : ExitCodes.Internal;
}
log.Stopped();
return ExitCodes.Ok;

RunnerSettings ReadSettings() => RunnerSettings.Read(Settings.FromProcess(arguments.EnvFile), arguments.EnvFile);
