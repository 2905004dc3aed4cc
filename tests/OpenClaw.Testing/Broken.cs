namespace OpenClaw.Testing;

/// <summary>When a test is taken for broken.</summary>
public static class Broken
{
    /// <summary>What has not come by then does not come, also on a machine with much else to do. No test measures it.</summary>
    public static readonly TimeSpan After = TimeSpan.FromSeconds(90);
}
