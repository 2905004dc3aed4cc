namespace OpenClaw.Bot.Chat;

/// <summary>A schedule in words: when, and what is done then.</summary>
internal sealed record ScheduleLine(Recurrence When, Command Command, string Argument)
{
    public const string Example = "monday 9:00 ping hello";

    private const int LongestRepeated = 40;

    /// <summary>What people can have done by a schedule; a yes is given by a person, then and there.</summary>
    private static readonly IReadOnlyList<Command> Possible =
        [.. Commands.All.Where(c => c is { BrokerCommand: not null, HasFields: false, Name: not Commands.Approve })];

    /// <summary>Reads what follows "every".</summary>
    /// <returns>The schedule, or the sentence that says what can't be read, with an example.</returns>
    public static (ScheduleLine? Line, string? Refusal) Read(string line, IChatText text)
    {
        var words = new WordReader(line);
        var read = RecurrenceReader.Read(words);
        if (read.When is not { } when)
        {
            var stumbled = read.Word is { } word ? $"{Quoted(word, text)} {read.Refusal}" : read.Refusal!;
            return (null, WithExamples(stumbled, text, read.Examples));
        }
        if (ParsedText.Parse(words.Rest) is not { } what) return (null, WithExamples($"What is to be done {when.InWords()}? Say it behind.", text, Example));
        if (Possible.FirstOrDefault(c => c.Name == what.Name) is not { } command)
        {
            var possible = string.Join(", ", Possible.Select(c => text.Code(c.Usage)));
            return (null, WithExamples($"{Quoted(what.Name, text)} is nothing that a schedule can do. It can: {possible}.", text, Example));
        }
        return command.NeedsWords && what.Argument.Length == 0
            ? (null, WithExamples($"{text.Code(command.Name)} needs something behind it: {text.Code(command.Usage)}.", text, Example))
            : (new ScheduleLine(when, command, command.Arguments is [] ? "" : what.Argument), null);
    }

    private static string Quoted(string word, IChatText text) => text.Code(JobMessages.Clip(word, LongestRepeated));

    private static string WithExamples(string sentence, IChatText text, params IReadOnlyList<string> examples) =>
        $"{sentence} For example: {string.Join(", ", examples.Select(e => text.Code($"{Commands.Every} {e}")))}";
}
