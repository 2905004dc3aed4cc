using OpenClaw.Programs;

namespace OpenClaw.Broker;

/// <summary>The broker can't start; the message says what, why and how to repair it, in one line.</summary>
/// <param name="exitCode">What the program ends with; <see cref="ExitCodes.Temporary"/>: trying again may help.</param>
internal class StartException(string message, Exception? inner = null, int exitCode = ExitCodes.Configuration) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
