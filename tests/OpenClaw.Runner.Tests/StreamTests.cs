using System.Text.Json;
using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>What a job writes, on its way to the broker.</summary>
public sealed class StreamTests
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private const string Taken = """{"ok":true,"chunk_id":1,"next_n":1}""";

    [Fact]
    public async Task WhatAJobWritesIsSentBeforeItsResultInNumberedPieces()
    {
        await using var broker = OneJob(static _ => ScriptedAnswer.Ok(Taken));
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, new Writes(static output =>
        {
            output.Write(OutputStream.Output, "a");
            output.Write(OutputStream.Output, "b\n");
            output.Write(OutputStream.Error, "\u001b[31m");
            output.Report(10, "begun");
            output.Report(40, "copying");
            using var metadata = JsonDocument.Parse("""{"tool":"grep"}""");
            output.Chunk("tool_call", null, metadata.RootElement.Clone());
            output.Write(OutputStream.Output, new string('x', 40_000));
        }));
        var pieces = new List<JsonElement>();
        var ended = false;
        while (!ended)
        {
            var request = await broker.NextAsync("");
            if (request.Path.EndsWith("/chunks", StringComparison.Ordinal)) pieces.AddRange(Pieces(request));
            ended = request.Path.EndsWith("/result", StringComparison.Ordinal);
        }
        Assert.Equal(
            ["1 stdout ab\n", "2 stderr \u001b[31m", "3 progress copying", "4 tool_call ", "5 stdout 32768", "6 stdout 7232"],
            pieces.Select(static p => $"{p.GetProperty("n")} {p.GetProperty("chunk_type")} {Short(p.GetProperty("content").GetString())}"));
        Assert.Equal(["""{"percent":40}""", """{"tool":"grep"}"""], pieces.Skip(2).Take(2).Select(static p => p.GetProperty("metadata").GetRawText()));

        static string? Short(string? text) => text?.Length > 1000 ? $"{text.Length}" : text;
    }

    [Fact]
    public async Task PiecesWhoseAnswerIsLostAreSentAgainAsTheyWere()
    {
        var calls = 0;
        await using var broker = OneJob(_ => calls++ switch
        {
            0 => ScriptedAnswer.Lose,
            1 => ScriptedAnswer.Problem(503, "busy"),
            _ => ScriptedAnswer.Ok(Taken),
        });
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, new Writes(static output => output.Write(OutputStream.Output, "once")));
        var first = (await broker.NextAsync("/chunks")).Body;
        Assert.Equal(first, (await broker.NextAsync("/chunks")).Body);
        Assert.Equal(first, (await broker.NextAsync("/chunks")).Body);
        await broker.NextAsync("/result");
    }

    [Fact]
    public async Task OutputThatComesTooFastIsLeftOutAndSaid()
    {
        const int Piece = 30_000, Count = 200;
        var go = new TaskCompletionSource();
        var calls = 0;
        await using var broker = new ScriptedBroker(Script(static _ => ScriptedAnswer.Ok(Taken)))
        {
            HoldsUp = r => r.Path.EndsWith("/chunks", StringComparison.Ordinal) && calls++ == 0 ? go.Task : Task.CompletedTask,
        };
        var handler = new HeldWrites();
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, handler);
        var output = await handler.Output.Task.WaitAsync(Broken.After);
        output.Write(OutputStream.Output, "first");
        var sent = Pieces(await broker.NextAsync("/chunks"));
        for (var n = 0; n < Count; n++) output.Write(OutputStream.Output, new string('x', Piece)); // 6 million
        go.SetResult();
        handler.Ended.SetResult();
        for (var request = await broker.NextAsync(""); !request.Path.EndsWith("/result", StringComparison.Ordinal); request = await broker.NextAsync(""))
        {
            if (request.Path.EndsWith("/chunks", StringComparison.Ordinal)) sent.AddRange(Pieces(request));
        }
        Assert.Equal(Enumerable.Range(1, sent.Count), sent.Select(static p => p.GetProperty("n").GetInt32()));
        var mark = Assert.Single(sent, static p => p.GetProperty("chunk_type").GetString() == "message");
        Assert.Equal(2, mark.GetProperty("n").GetInt32()); // where it is missing
        var missing = mark.GetProperty("metadata").GetProperty("left_out").GetInt64();
        var kept = sent.Where(p => p.GetProperty("n").GetInt32() > 2).Sum(static p => p.GetProperty("content").GetString()!.Length);
        Assert.Equal((long)Piece * Count, missing + kept);
        Assert.InRange(kept, 900_000, 1 << 20);
    }

    [Fact]
    public async Task TheEndIsOnTheDiskWhileWhatWasWrittenWaits()
    {
        var isBack = false;
        await using var broker = OneJob(_ => Volatile.Read(ref isBack) ? ScriptedAnswer.Ok(Taken) : ScriptedAnswer.Problem(503, "busy"));
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, new Writes(static output => output.Write(OutputStream.Output, "a")));
        using var patience = new CancellationTokenSource(Broken.After);
        while (worker.Outbox.Length == 0) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        Assert.DoesNotContain(broker.Take(), static r => r.Path.EndsWith("/result", StringComparison.Ordinal));
        Volatile.Write(ref isBack, true);
        Assert.Equal("""{"result":"done"}""", (await broker.NextAsync("/result")).Body);
    }

    [Fact]
    public async Task ARunnerThatHasToEndDoesNotWaitForWhatCantBeSent()
    {
        await using var broker = OneJob(static _ => ScriptedAnswer.Problem(503, "busy"));
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, new Writes(static output => output.Write(OutputStream.Output, "a")));
        await worker.LoggedAsync("handler ended");
        worker.Stop();
        worker.GiveUp();
        await worker.EndedAsync();
        Assert.Contains("not all that the job wrote could be sent", worker.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(413)]
    public async Task ABrokerThatTakesNoPiecesGetsTheResultAllTheSame(int status)
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(status, "not_found"));
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, new Writes(static output => output.Write(OutputStream.Output, "a")));
        Assert.Equal("""{"result":"done"}""", (await broker.NextAsync("/result")).Body);
        Assert.Contains($"why=\"{status} as scripted\"", worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgressRidesOnTheNextHeartbeat()
    {
        await using var broker = OneJob(static _ => ScriptedAnswer.Ok(Taken));
        var handler = new HeldWrites();
        await using var worker = new RunningWorker(broker.Url, TimeProvider.System, handler);
        var output = await handler.Output.Task.WaitAsync(Broken.After);
        output.Report(40, "copying");
        Assert.Equal("""{"progress":40,"message":"copying"}""", (await broker.NextAsync("/heartbeat")).Body); // within a second, not with the next due
        handler.Ended.SetResult();
    }

    private static ScriptedBroker OneJob(Func<ScriptedRequest, ScriptedAnswer> chunks) => new(Script(chunks));

    private static Func<ScriptedRequest, ScriptedAnswer> Script(Func<ScriptedRequest, ScriptedAnswer> chunks)
    {
        var claimed = false;
        return r =>
        {
            if (r.Path.EndsWith("/chunks", StringComparison.Ordinal)) return chunks(r);
            if (r.Path.EndsWith("/heartbeat", StringComparison.Ordinal))
            {
                return ScriptedAnswer.Ok("""{"ok":true,"status":"running","lease_until":9,"lease_seconds":30,"cancel_requested":false}""");
            }
            if (!r.Path.EndsWith("/next", StringComparison.Ordinal)) return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
            if (claimed) return ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Job(Id, "test", "");
        };
    }

    private static List<JsonElement> Pieces(ScriptedRequest request)
    {
        Assert.Equal("lease-1", request.Headers["X-Lease-Token"]);
        using var body = JsonDocument.Parse(request.Body);
        return [.. body.RootElement.Clone().GetProperty("chunks").EnumerateArray()];
    }

    private sealed class Writes(Action<IJobOutput> write) : IHandler
    {
        public Task<Outcome> RunAsync(JobContext job)
        {
            write(job.Output);
            return Task.FromResult<Outcome>(new Succeeded("done"));
        }
    }

    private sealed class HeldWrites : IHandler
    {
        public TaskCompletionSource<IJobOutput> Output { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<Outcome> RunAsync(JobContext job)
        {
            Output.SetResult(job.Output);
            await Ended.Task;
            return new Succeeded("done");
        }
    }
}
