using System.CommandLine;
using System.Text.Json;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>export</c>: whole jobs as lines of JSON, newest first; it holds a few at a time, however many there are.</summary>
internal static class ExportCommand
{
    private const int AtOnce = 4;

    public static Command Create() => Invocation.Of(
        new Command("export", "Write jobs with payload, result and error to stdout, a line of JSON each")
        {
            FilterOptions.States, FilterOptions.CommandName, FilterOptions.Queue,
        },
        RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var (broker, stop) = (invocation.Connect().Broker, invocation.Stop);
        var filter = FilterOptions.Read(invocation.Parsed) with { Limit = JobFilter.LargestPage };
        await using var output = new BufferedStream(Console.OpenStandardOutput(), 64 * 1024);
        var written = 0L;
        do
        {
            var page = await broker.ListAsync(filter, stop);
            foreach (var some in page.Jobs.Chunk(AtOnce))
            {
                foreach (var job in await Task.WhenAll(some.Select(j => ReadAsync(j.Id, broker, stop))))
                {
                    if (job is null) continue;
                    JsonSerializer.Serialize(output, job, WireJson.Default.JobView);
                    output.WriteByte((byte)'\n');
                    written++;
                }
            }
            if (!Console.IsErrorRedirected) invocation.Messages.Step($"{written} jobs written");
            filter = filter with { Cursor = page.Next };
        }
        while (filter.Cursor is not null);
        invocation.Messages.StepOver();
        return ExitCodes.Ok;
    }

    /// <summary>Null where it was deleted since it was listed.</summary>
    private static async Task<JobView?> ReadAsync(string id, BrokerClient broker, CancellationToken stop)
    {
        try
        {
            return await broker.GetAsync(id, stop: stop);
        }
        catch (BrokerException e) when (e is { Status: 404, Code: ErrorCodes.NotFound })
        {
            return null;
        }
    }
}
