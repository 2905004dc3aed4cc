namespace OpenClaw.Programs;

/// <summary>Exit codes of all programs, after sysexits.h where it has one.</summary>
public static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;

    /// <summary>Of the command line: the job was cancelled.</summary>
    public const int Cancelled = 2;

    public const int Usage = 64;

    /// <summary>Of the command line: there is no such job.</summary>
    public const int NotFound = 66;

    /// <summary>Of the command line: the broker can't be reached, or can't do it now.</summary>
    public const int Unavailable = 69;

    /// <summary>A bug: the program can't know what else is wrong.</summary>
    public const int Internal = 70;

    /// <summary>An I/O error after which memory and disk may differ: restart and recover.</summary>
    public const int Io = 74;

    /// <summary>What is in the way passes by itself: start again later.</summary>
    public const int Temporary = 75;

    /// <summary>Of the command line: the broker refused the token.</summary>
    public const int NotAllowed = 77;

    /// <summary>The configuration is wrong; a restart won't help.</summary>
    public const int Configuration = 78;

    /// <summary>Of the command line: ended by Ctrl-C, as shells report it.</summary>
    public const int Interrupted = 130;
}
