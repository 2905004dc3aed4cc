using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hangfire;
using Hangfire.Client;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.Server;
using Hangfire.States;
using OpenClaw.Benchmarks.Hangfire;

// openclaw-benchmarks-hangfire CONNECTION_STRING SCHEMA CONNECTIONS WARMUP_SECONDS SECONDS PAYLOAD_BYTES
// Cycles through Hangfire: so many at a time, each one job enqueued, performed and succeeded. Ends with one JSON line, as peers' clients in JavaScript do.
if (args.Length != 6)
{
    Console.Error.WriteLine("Takes CONNECTION_STRING SCHEMA CONNECTIONS WARMUP_SECONDS SECONDS PAYLOAD_BYTES; "
        + "'openclaw-benchmarks peers --only hangfire' gives them.");
    return 64;
}
int[] numbers = [.. args[2..].Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
var (connections, warmup, seconds, payload) = (numbers[0], numbers[1], numbers[2], new string('x', numbers[3]));

GlobalConfiguration.Configuration.UseNoOpLogProvider().UsePostgreSqlStorage(o => o.UseNpgsqlConnection(args[0]), new PostgreSqlStorageOptions
{
    SchemaName = args[1],
    // The least that it takes without being told to take unsafe values. A job of the same process wakes a worker at once anyway, and long polling
    // (LISTEN) instead of that gained nothing here and lost more than half at longer intervals.
    QueuePollInterval = TimeSpan.FromMilliseconds(50),
});
var endings = new Endings(new BackgroundJobStateChanger());
#pragma warning disable CS0618 // It means to go in version 2, and is the one way to hear of a state after its commit.
using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = connections }, JobStorage.Current, [],
    JobFilterProviders.Providers, JobActivator.Current, new BackgroundJobFactory(), new BackgroundJobPerformer(), endings);
#pragma warning restore CS0618

var client = new BackgroundJobClient(JobStorage.Current);
var lanes = Enumerable.Range(0, connections).Select(_ => new Lane(client, endings, payload)).ToList();
foreach (var lane in lanes) lane.Start();
await Task.Delay(TimeSpan.FromSeconds(warmup), TimeProvider.System);
var (start, cpu) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
foreach (var lane in lanes) lane.Counting = true;
await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
foreach (var lane in lanes) lane.Counting = false;
var (elapsed, used) = (Stopwatch.GetElapsedTime(start).TotalSeconds, Process.GetCurrentProcess().TotalProcessorTime - cpu);
foreach (var lane in lanes) lane.Stop();
double[] milliseconds = [.. lanes.SelectMany(l => l.Milliseconds).Order()];
double? Part(double part) => milliseconds.Length == 0 ? null : milliseconds[Math.Max(0, (int)Math.Ceiling(milliseconds.Length * part) - 1)];
Console.WriteLine(JsonSerializer.Serialize(new
{
    count = milliseconds.Length,
    rate = milliseconds.Length / elapsed,
    p50_ms = Part(0.5),
    p99_ms = Part(0.99),
    cpu_seconds = used.TotalSeconds,
    seconds = elapsed,
}));
return 0;
