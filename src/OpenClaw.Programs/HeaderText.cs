namespace OpenClaw.Programs;

/// <summary>What the value of an HTTP header can carry: visible ASCII characters, with spaces between them.</summary>
public static class HeaderText
{
    public static bool CanCarry(string text) => text is not ([' ', ..] or [.., ' ']) && text.All(static c => c is >= ' ' and < '\u007f');
}
