namespace OpenClaw.Testing;

/// <summary>Skipped, and said to be, where the machine lacks something that the test needs; never in CI.</summary>
public abstract class MachineFactAttribute : FactAttribute
{
    protected MachineFactAttribute(string? missing)
    {
        if (Environment.GetEnvironmentVariable("CI") != "true") Skip = missing;
    }
}
