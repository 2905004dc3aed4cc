using System.Security.Cryptography;
using OpenClaw.Client;
using OpenClaw.Programs;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Models;
using OpenClaw.Runner.Repositories;

namespace OpenClaw.Runner;

/// <summary>The runner's configuration, checked.</summary>
internal sealed record RunnerSettings
{
    private const string DefaultBroker = "http://127.0.0.1:8000";
    private const string DefaultStateFolder = "/var/lib/openclaw-runner/state";

    public required Uri Broker { get; init; }
    public required string WorkerToken { get; init; }
    public required string WorkerId { get; init; }
    public required IReadOnlyList<string> Caps { get; init; }
    public required string StateFolder { get; init; }

    /// <summary>By name, the keys of which one must have signed a job; empty: no job needs to be signed.</summary>
    public IReadOnlyDictionary<string, ECDsa> JobKeys { get; init; } = new Dictionary<string, ECDsa>();
    public required int Concurrency { get; init; }

    /// <summary>The longest pause between two tries while the broker is away, or while it has no job and does not wait.</summary>
    public required TimeSpan PollInterval { get; init; }

    /// <summary>How long a handler may take.</summary>
    public required TimeSpan ResultTimeout { get; init; }

    /// <param name="commands">What this runner does.</param>
    public BrokerCredentials Credentials(IEnumerable<string> commands) =>
        new() { WorkerToken = WorkerToken, WorkerId = WorkerId, Caps = Caps, Commands = [.. commands] };

    /// <summary>The file of one's own commands; null where there is none.</summary>
    public string? CommandFile { get; init; }

    public IReadOnlyList<CommandDefinition> Commands { get; init; } = [];

    /// <summary>What it shows of which repositories; null for nothing.</summary>
    public RepositorySettings? Repositories { get; init; }

    /// <summary>The language model that it asks; null for none.</summary>
    public ModelSettings? Model { get; init; }

    /// <summary>The files in which the runner has its secrets.</summary>
    public IReadOnlyList<string> SecretFiles { get; init; } = [];

    /// <param name="envFile">The file of variables, where there is one.</param>
    /// <exception cref="SettingsException">Something is wrong; it says all that is.</exception>
    public static RunnerSettings Read(Settings settings, string? envFile = null)
    {
        var token = settings.RequiredSecret(Variables.WorkerToken, "It is the broker's WORKER_TOKEN: copy it from there.");
        var stateFolder = Path.GetFullPath(settings.Text(Variables.RunnerStateDir, DefaultStateFolder));
        var model = ModelSettings.Read(settings);
        var read = new RunnerSettings
        {
            Broker = BrokerAddress.Read(settings, DefaultBroker),
            WorkerToken = token,
            WorkerId = settings.Text(Variables.WorkerId, Environment.MachineName),
            Caps = ReadCaps(settings),
            StateFolder = stateFolder,
            JobKeys = ReadKeys(settings),
            Concurrency = settings.WholeNumber(RunnerVariables.Concurrency, 1, 1, 64),
            PollInterval = settings.Seconds(Variables.PollIntervalSec, 10, 0.1, 3600),
            ResultTimeout = settings.Seconds(RunnerVariables.ResultTimeoutSec, 300, 0.1, 7 * 24 * 3600),
            CommandFile = settings.Text(RunnerVariables.Config),
            Commands = OpenClaw.Runner.Commands.CommandFile.Read(settings, [token, model?.Key ?? ""]),
            Repositories = RepositorySettings.Read(settings, stateFolder),
            Model = model,
            SecretFiles = [.. ((string?[])[envFile, settings.Text(Variables.WorkerToken + "_FILE"), settings.Text(RunnerVariables.LlmApiKey + "_FILE")])
                .OfType<string>().Select(Path.GetFullPath)],
        };
        if (read.WorkerId.Length > 200
            || !HeaderText.CanCarry(read.WorkerId)) settings.Note($"{Variables.WorkerId} is '{read.WorkerId}'. It takes up to 200 plain ASCII characters.");
        settings.Check();
        return read;
    }

    private static Dictionary<string, ECDsa> ReadKeys(Settings settings)
    {
        var keys = new Dictionary<string, ECDsa>(StringComparer.Ordinal);
        foreach (var entry in (settings.Text(Variables.JobKeys) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var key = ECDsa.Create();
            try
            {
                key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(entry[(entry.IndexOf(':') + 1)..]), out _);
                if (entry.IndexOf(':') > 0 && keys.TryAdd(entry[..entry.IndexOf(':')], key)) continue;
            }
            catch (Exception e) when (e is FormatException or CryptographicException)
            {
                // Said below, as of every other wrong entry.
            }
            settings.Note($"{Variables.JobKeys} has the entry '{entry}'. "
                + "It takes a comma list of name:key as `clawctl keys create` prints it, each name once.");
        }
        return keys;
    }

    private static string[] ReadCaps(Settings settings)
    {
        const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var names = (settings.Text(Variables.WorkerCaps) ?? "").Split([',', ' '], Trimmed).Distinct().ToArray();
        foreach (var name in names.Where(n => n.Length > 64 || !n.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '-')))
        {
            settings.Note($"{Variables.WorkerCaps} has the name '{name}'. "
                + "It takes a comma list of names of up to 64 letters, digits and _ . : -, such as gpu,cuda:12.");
        }
        if (names.Length > 64) settings.Note($"{Variables.WorkerCaps} has {names.Length} names. It takes up to 64.");
        return names;
    }
}
