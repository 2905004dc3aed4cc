using System.CommandLine;
using System.Globalization;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>dead</c>: the jobs that failed for good, and how to do them again.</summary>
internal static class DeadCommand
{
    public static Command Create()
    {
        var dead = new Command("dead", "List the jobs that failed for good, newest first");
        foreach (var option in FilterOptions.All) dead.Add(option);
        dead.Add(JobList.Limit);
        return Invocation.Of(dead, RunAsync);
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var filter = FilterOptions.Read(invocation.Parsed) with { State = JobStates.Failed };
        var page = await JobList.ReadAsync(invocation.Connect().Broker, filter, invocation);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.JobPage));
            return ExitCodes.Ok;
        }
        if (page.Jobs.Count == 0)
        {
            invocation.Messages.Say("no dead jobs");
            return ExitCodes.Ok;
        }
        Table.Print(["job", "command", ">attempts", "failed", "error"], page.Jobs.Zip(JobReference.Ends(page.Jobs), static (job, end) => Row(job, end)));
        JobList.SayMore(page, invocation);
        invocation.Messages.Say("`clawctl retry JOB…` does these again, `clawctl retry --dead` with the options of this list all that it finds; "
            + "--dry-run shows them first.");
        return ExitCodes.Ok;
    }

    private static string[] Row(JobView job, string end) =>
    [
        end, JobText.FirstLine(job.Command), job.Attempt.ToString(CultureInfo.InvariantCulture), JobText.Time(job.FinishedAt) ?? "-",
        JobText.FirstLine(job.Error ?? "-"),
    ];
}
