namespace OpenClaw.Bot.Chat;

/// <summary>Reads a line word by word; what is left stays as it was written.</summary>
internal sealed class WordReader(string line)
{
    private int at;

    /// <summary>The next word in lower case; empty at the end.</summary>
    public string Next => line[Start..End].ToLowerInvariant();

    /// <summary>What was not taken yet.</summary>
    public string Rest => line[Start..].TrimEnd();

    private int Start
    {
        get
        {
            var start = at;
            while (start < line.Length && char.IsWhiteSpace(line[start])) start++;
            return start;
        }
    }

    private int End
    {
        get
        {
            var end = Start;
            while (end < line.Length && !char.IsWhiteSpace(line[end])) end++;
            return end;
        }
    }

    public string Take()
    {
        var word = Next;
        at = End;
        return word;
    }

    /// <summary>Takes the next word if it is one of these.</summary>
    public bool TakeIf(params ReadOnlySpan<string> words)
    {
        if (!words.Contains(Next)) return false;
        Take();
        return true;
    }
}
