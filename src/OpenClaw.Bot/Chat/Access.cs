namespace OpenClaw.Bot.Chat;

internal enum Admission
{
    /// <summary>A stranger, a program, or a place where nobody is answered.</summary>
    Ignored,

    /// <summary>A stranger who pressed a button that whoever is allowed may press: silence would look like a fault.</summary>
    Refused,

    /// <summary>An allowed person who picked a command in a place where the bot doesn't work.</summary>
    WrongPlace,
    Admitted,
}

/// <summary>Who may use the bot, and where: the allowed people, in direct messages and in the one channel.</summary>
internal sealed class Access(IReadOnlySet<string> users, string? channel)
{
    public Admission Admit(ChatEvent e)
    {
        if (!users.Contains(e.UserId)) return IsRetry(e) ? Admission.Refused : Admission.Ignored;
        if (e is TextReceived { FromProgram: true }) return Admission.Ignored;
        if (e.IsDirect || e.ChannelId == channel) return Admission.Admitted;
        return e is InteractionReceived ? Admission.WrongPlace : Admission.Ignored;
    }

    private static bool IsRetry(ChatEvent e) => e is ButtonPressed pressed && RetryButton.Read(pressed.ButtonId) is not null;
}
