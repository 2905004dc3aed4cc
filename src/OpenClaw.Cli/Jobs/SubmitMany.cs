using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary>
/// <c>submit --from</c>: a job for each line of a file, in batches. A batch's key follows from what is in it, so that a run that
/// was interrupted can be started again and makes no job twice.
/// </summary>
internal sealed class SubmitMany(BrokerClient broker, Invocation invocation, string? command)
{
    private const int MostJobs = 500;
    private const int MostBytes = 4 << 20;

    private readonly List<(int Line, string Json)> batch = [];
    private int bytes;
    private int batches;
    private int made;
    private int refused;

    /// <param name="file"><c>-</c> for stdin.</param>
    /// <param name="salt">Makes another run of what makes the same jobs otherwise.</param>
    /// <exception cref="CommandException">The file can't be read, or a line is no job.</exception>
    public async Task<int> RunAsync(string file, string salt)
    {
        using var reader = Open(file);
        for (var number = 1; await reader.ReadLineAsync(invocation.Stop) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var job = Job(line, number);
            if (batch.Count == MostJobs || batch.Count > 0 && bytes + job.Length > MostBytes)
            {
                await SendAsync(salt);
                invocation.Messages.Step($"{Number(made, "job")} made so far");
            }
            batch.Add((number, job));
            bytes += Encoding.UTF8.GetByteCount(job) + 1;
        }
        if (batch.Count > 0) await SendAsync(salt);
        invocation.Messages.StepOver();
        invocation.Messages.Say($"{Number(made, "job")} made{(refused == 0 ? "" : $", {Number(refused, "line")} refused")}");
        return refused == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static string Number(int n, string what) => string.Create(CultureInfo.InvariantCulture, $"{n} {what}{(n == 1 ? "" : "s")}");

    private static TextReader Open(string file)
    {
        if (file == "-") return Console.In;
        try
        {
            return new StreamReader(file, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} can't be read ({e.Message}). Name another with --from, or - for stdin.", ExitCodes.Usage);
        }
    }

    /// <summary>With a command the line is its payload; without one it is the whole job, as JSON, and options stand for what it leaves out.</summary>
    private string Job(string line, int number)
    {
        if (command is not null) return JsonSerializer.Serialize(JobOptions.Read(invocation.Parsed, command, line), WireJson.Default.CreateJob);
        JsonObject job;
        try
        {
            job = JsonNode.Parse(line) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (JsonException e)
        {
            throw new CommandException($"line {number} is no job: {e.Message} Write a JSON object such as {{\"command\": \"ping\", \"payload\": \"hello\"}}, "
                + "or name a COMMAND, whose payloads the lines are then. The lines before it are sent again without harm.", ExitCodes.Usage);
        }
        var options = JsonSerializer.SerializeToNode(JobOptions.Read(invocation.Parsed, "", ""), WireJson.Default.CreateJob)!.AsObject();
        options.Remove("command");
        options.Remove("payload");
        foreach (var (name, value) in options.ToList()) if (value is not null && !job.ContainsKey(name)) job[name] = value.DeepClone();
        return job.ToJsonString();
    }

    private async Task SendAsync(string salt)
    {
        var body = $$"""{"jobs":[{{string.Join(',', batch.Select(static b => b.Json))}}]}""";
        var named = string.Create(CultureInfo.InvariantCulture, $"{salt}\n{++batches}\n{body}");
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(named)));
        var answer = await Repeat.UntilAnsweredAsync(() => broker.CreateBatchAsync(body, key, invocation.Stop), invocation);
        for (var n = 0; n < answer.Jobs.Count; n++) Print(batch[n].Line, answer.Jobs[n]);
        batch.Clear();
        bytes = 0;
    }

    private void Print(int line, BatchJob job)
    {
        if (job.Id is { } id)
        {
            made++;
            Console.Out.WriteLine(invocation.AsJson ? JobText.Json(job, WireJson.Default.BatchJob) : id);
            return;
        }
        refused++;
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(job, WireJson.Default.BatchJob));
        invocation.Messages.Say($"line {line} is refused: {BrokerClient.WordsOf(job.Error) ?? "the broker gives no reason"}");
    }
}
