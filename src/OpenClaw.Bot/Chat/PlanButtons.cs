namespace OpenClaw.Bot.Chat;

/// <summary>The buttons under a plan: their ids say which plan and nothing else.</summary>
internal static class PlanButtons
{
    private const string Approve = "approve:";
    private const string Cancel = "cancel:";
    private const int LongestId = 80;

    public static bool CanCarry(string planId) => planId.Length is > 0 and <= LongestId;

    public static IReadOnlyList<Button> For(string planId) => [new(Approve + planId, "Approve"), new(Cancel + planId, "Cancel", Dangerous: true)];

    /// <summary>Under an approval that failed: approves the plan once more.</summary>
    public static IReadOnlyList<Button> Again(string planId) => [new(Approve + planId, "Retry")];

    /// <summary>What a button's id means; null where it is none of ours.</summary>
    public static (string PlanId, bool Approves)? Read(string buttonId) =>
        buttonId.StartsWith(Approve, StringComparison.Ordinal) ? (buttonId[Approve.Length..], true)
        : buttonId.StartsWith(Cancel, StringComparison.Ordinal) ? (buttonId[Cancel.Length..], false)
        : null;
}
