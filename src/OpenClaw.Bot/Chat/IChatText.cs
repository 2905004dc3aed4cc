namespace OpenClaw.Bot.Chat;

/// <summary>How a chat writes. What others wrote stays text in it: no formatting, no link, no ping, and nothing that can't be seen.</summary>
internal interface IChatText
{
    /// <summary>The most characters of a message.</summary>
    int LongestMessage { get; }

    /// <summary>Words of the bot's own with emphasis.</summary>
    string Bold(string words);

    /// <summary>Any text as code in the line; its line ends become spaces.</summary>
    string Code(string text);

    /// <summary>Any text as a block of code, which it can't leave.</summary>
    string Block(string text);

    /// <summary>Any text in the line: as it is where it is plain words, else as code.</summary>
    string Inline(string text);

    /// <summary>How long ago it was, or how far off it is, as seen by whoever reads it.</summary>
    string Ago(DateTimeOffset moment);
}
