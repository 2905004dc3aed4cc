using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Bot.Chat;

/// <summary>A job that a person asks for.</summary>
/// <param name="Name">What it is called in the chat.</param>
/// <param name="IsFree">The person named the broker's command: it is none of the bot's own.</param>
internal sealed record Wish(string Name, string BrokerCommand, string Payload, bool IsFree = false)
{
    /// <summary>The most bytes of a command's name that the broker takes.</summary>
    private const int LongestName = 256;

    /// <summary>How many lines are read from a start without an end.</summary>
    private const int DefaultLines = 200;

    /// <summary>Reads what stands behind a command.</summary>
    /// <returns>The wish, or the sentence that says what can't be read.</returns>
    public static (Wish? Wish, string? Refusal) Read(Command command, string argument, IChatText text)
    {
        try
        {
            if (command.Name == Commands.Run) return ReadRun(command, argument, text);
            if (command.HasFields) return ReadFields(command, argument, text);
            return (new Wish(command.Name, command.BrokerCommand!, command.Arguments is [] ? "" : argument), null);
        }
        catch (FormatException e)
        {
            return (null, $"I can't read that: {e.Message}. {UsageOf(command, text)}");
        }
    }

    private static (Wish?, string?) ReadRun(Command run, string argument, IChatText text)
    {
        var words = new QuotedWords(argument);
        var name = words.Take();
        if (name.Length == 0) return (null, UsageOf(run, text));
        if (Encoding.UTF8.GetByteCount(name) > LongestName) return (null, $"No command has a name of more than {LongestName} bytes. {UsageOf(run, text)}");
        // Whose plan it is, and whether it may still be approved, is asked there.
        return name == Commands.Find(Commands.Approve)!.BrokerCommand
            ? (null, $"Plans are approved by {text.Code(Commands.Find(Commands.Approve)!.Usage)}.")
            : (new Wish(name, name, words.Rest, IsFree: true), null);
    }

    private static (Wish?, string?) ReadFields(Command command, string argument, IChatText text)
    {
        var words = new QuotedWords(argument);
        var given = new Dictionary<string, string>();
        foreach (var each in command.Arguments)
        {
            var word = words.Take();
            if (word.Length > 0) given[each.Name] = word;
            else if (each.IsRequired) return (null, UsageOf(command, text));
        }
        if (!words.IsAtEnd) return (null, $"That is more than {text.Code(command.Name)} takes; put quotes around what has blanks. {UsageOf(command, text)}");
        var (start, end) = (Line("start"), Line("end"));
        if (end < (start ?? 1)) throw new FormatException("the last line stands before the first");
        var payload = new RepoPayload(given.GetValueOrDefault("repo"), given.GetValueOrDefault("query"), given.GetValueOrDefault("path"),
            start ?? (end is null ? null : 1), end ?? (start is { } first ? first + DefaultLines - 1 : null));
        return (new Wish(command.Name, command.BrokerCommand!, JsonSerializer.Serialize(payload, WishJson.Default.RepoPayload)), null);

        int? Line(string name)
        {
            const int Most = int.MaxValue - DefaultLines;
            if (!given.TryGetValue(name, out var word)) return null;
            return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Most
                ? number
                : throw new FormatException($"the {name} is the number of a line, from 1");
        }
    }

    private static string UsageOf(Command command, IChatText text) => $"Usage: {text.Code(command.Usage)}";
}

/// <summary>What the commands of repositories are given.</summary>
internal sealed record RepoPayload(string? Repo, string? Query, string? Path, int? Start, int? End);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RepoPayload))]
internal sealed partial class WishJson : JsonSerializerContext;
