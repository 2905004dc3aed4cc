namespace OpenClaw.Bot.Discord;

/// <summary>What it takes to answer an interaction; everybody else sees it as one text.</summary>
internal sealed record InteractionHandle(string ApplicationId, string Id, string Token)
{
    public override string ToString() => $"{ApplicationId}/{Id}/{Token}";

    public static InteractionHandle Parse(string handle) => handle.Split('/', 3) is [var application, var id, var token]
        ? new InteractionHandle(application, id, token)
        : throw new FormatException("not the handle of an interaction");
}
