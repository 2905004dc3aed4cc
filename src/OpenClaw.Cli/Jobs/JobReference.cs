using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary>
/// How people name a job: by its id, or by the beginning or the end of one. Ids begin with the time, so those of some minutes
/// begin alike; the end is what tells them apart.
/// </summary>
internal static class JobReference
{
    /// <summary>No end that a list shows is shorter.</summary>
    private const int ShortestEnd = 6;

    /// <summary>How many of the newest jobs a short name is looked for among.</summary>
    private const int Searched = 100_000;

    private const int BetweenSteps = 10_000;
    private const int Named = 5;

    /// <summary>The whole id of the job that a person named.</summary>
    /// <exception cref="CommandException">No job is named so, or several are.</exception>
    public static async Task<string> ResolveAsync(string name, BrokerClient broker, Messages messages, CancellationToken stop)
    {
        var part = Bare(name.Trim());
        if (Guid.TryParseExact(part, "N", out var id)) return id.ToString("D");
        if (part.Length == 0 || !part.All(char.IsAsciiHexDigitLower))
        {
            throw new CommandException(
                $"'{name}' is no job's id. It takes an id, its beginning or its end, such as the ones that `clawctl jobs` shows.", ExitCodes.Usage);
        }
        var found = new List<JobView>();
        var searched = 0;
        string? next = null;
        do
        {
            var page = await broker.ListAsync(new JobFilter { Limit = JobFilter.LargestPage, Cursor = next }, stop);
            found.AddRange(page.Jobs.Where(j => Fits(j.Id, part)));
            searched += page.Jobs.Count;
            next = page.Next;
            if (next is not null && searched % BetweenSteps == 0) messages.Step($"looking for '{name}': {searched} jobs read");
        }
        while (next is not null && searched < Searched);
        messages.StepOver();
        var scope = next is null ? "" : $", among the newest {searched}; an older one takes its whole id";
        return found switch
        {
            [var only] => only.Id,
            [] => throw new CommandException(
                $"no job's id begins or ends with '{name}'{scope}. `clawctl jobs` lists the jobs there are.",
                ExitCodes.NotFound),
            _ => throw new CommandException($"'{name}' is the beginning or end of {found.Count} ids; give more of it: {Candidates(found)}", ExitCodes.Usage),
        };
    }

    /// <summary>The ends of ids, as long as it takes to tell these jobs apart.</summary>
    public static IReadOnlyList<string> Ends(IReadOnlyCollection<JobView> jobs)
    {
        for (var length = ShortestEnd; ; length++)
        {
            string[] ends = [.. jobs.Select(j => End(j.Id, length))];
            if (ends.Distinct(StringComparer.Ordinal).Count() == ends.Length || jobs.All(j => Bare(j.Id).Length <= length)) return ends;
        }
    }

    /// <summary>The end of an id.</summary>
    public static string End(string id, int length) => Bare(id) is var bare && bare.Length > length ? bare[^length..] : bare;

    private static bool Fits(string id, string part) =>
        Bare(id) is var bare && (bare.StartsWith(part, StringComparison.Ordinal) || bare.EndsWith(part, StringComparison.Ordinal));

    private static string Bare(string id) => id.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string Candidates(List<JobView> found) =>
        string.Concat(found.Take(Named).Select(j => $"\n  {j.Id}  {JobText.State(j)}  {j.Command}  {JobText.Age(j, TimeProvider.System.GetUtcNow())}"))
            + (found.Count > Named ? "\n  …" : "");
}
