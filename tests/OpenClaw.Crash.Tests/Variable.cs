using System.Globalization;

namespace OpenClaw.Crash.Tests;

/// <summary>How much a run by hand does, where it is more than the suite's.</summary>
internal static class Variable
{
    public static int? Number(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
