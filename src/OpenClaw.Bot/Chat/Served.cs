using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>What can be asked for now.</summary>
internal sealed class Served(IChatText text, Brokers brokers, TimeProvider clock)
{
    private const int Listed = 25;
    private const int LongestShown = 100;

    /// <summary>A chat waits 3 s for what it may suggest.</summary>
    private static readonly TimeSpan TimeToSuggest = TimeSpan.FromSeconds(2);

    /// <summary>Null: the command is served, or the broker doesn't say what is; else the sentence that says so.</summary>
    /// <exception cref="BrokerException">The broker can't be asked now.</exception>
    public async Task<string?> RefuseAsync(string user, string command, CancellationToken stop)
    {
        try
        {
            var names = (await brokers.Of(user).ListCommandsAsync(stop)).Commands.Select(c => c.Name).ToList();
            if (names.Contains(command)) return null;
            var shown = string.Join(", ", names.Take(Listed).Select(n => text.Code(JobMessages.Clip(n, LongestShown / 2))));
            return $"No runner serves {text.Code(JobMessages.Clip(command, LongestShown))} now; nothing was made. "
                + (names.Count == 0 ? "None has said that it serves anything." : $"Served: {shown}{(names.Count > Listed ? ", …" : "")}.");
        }
        catch (BrokerException e) when (e.Status is 404 or 405)
        {
            return null;
        }
    }

    /// <summary>The commands whose names hold what was typed, those that begin with it first; none where the broker doesn't say in time.</summary>
    public async Task<IReadOnlyList<Suggestion>> SuggestAsync(string user, string typed, CancellationToken stop)
    {
        using var soon = new CancellationTokenSource(TimeToSuggest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, soon.Token);
        try
        {
            var part = typed.Trim();
            return
            [
                .. (await brokers.Of(user).ListCommandsAsync(either.Token)).Commands
                    .Where(c => c.Name.Length <= LongestShown && c.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
                    .OrderBy(c => !c.Name.StartsWith(part, StringComparison.OrdinalIgnoreCase)).ThenBy(c => c.Name, StringComparer.Ordinal)
                    .Select(c => new Suggestion(VisibleText.Of(c.Description is { Length: > 0 } words ? $"{c.Name}: {words}" : c.Name), c.Name)),
            ];
        }
        catch (Exception e) when (e is BrokerException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return [];
        }
    }
}
