namespace OpenClaw.Runner;

/// <summary>Names of the environment variables that the runner alone reads.</summary>
internal static class RunnerVariables
{
    public const string Concurrency = "RUNNER_CONCURRENCY";
    public const string ResultTimeoutSec = "RESULT_TIMEOUT_SEC";

    /// <summary>The file of one's own commands.</summary>
    public const string Config = "RUNNER_CONFIG";
}
