namespace OpenClaw.Runner;

/// <summary>Names of the environment variables that the runner alone reads.</summary>
internal static class RunnerVariables
{
    public const string Concurrency = "RUNNER_CONCURRENCY";
    public const string ResultTimeoutSec = "RESULT_TIMEOUT_SEC";

    /// <summary>The file of one's own commands.</summary>
    public const string Config = "RUNNER_CONFIG";

    /// <summary>The file that names repositories, and the folder that they lie in.</summary>
    public const string RepoAllowlist = "RUNNER_REPO_ALLOWLIST", ReposBase = "RUNNER_REPOS_BASE";

    public const string CmdTimeoutSeconds = "RUNNER_CMD_TIMEOUT_SECONDS", MaxOutputBytes = "RUNNER_MAX_OUTPUT_BYTES", MaxFileBytes = "RUNNER_MAX_FILE_BYTES",
        MaxLines = "RUNNER_MAX_LINES", RedactOutput = "RUNNER_REDACT_OUTPUT";

    public const string LlmBaseUrl = "LLM_BASE_URL", LlmModel = "LLM_MODEL", LlmApiKey = "LLM_API_KEY", LlmAllowedTools = "LLM_ALLOWED_TOOLS";
}
