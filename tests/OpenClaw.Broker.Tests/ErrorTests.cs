using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Broker.Tests;

/// <summary>What went wrong inside, as the client and the log see it.</summary>
public sealed class ErrorTests
{
    [Fact]
    public async Task OutOfMemoryIsBusyNotAFailure()
    {
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await new Errors(NullLogger<Errors>.Instance).HandleAsync(context, static _ => throw new InsufficientMemoryException());
        Assert.Equal(503, context.Response.StatusCode);
        Assert.False(string.IsNullOrEmpty(context.Response.Headers.RetryAfter));
    }

    [Fact]
    public async Task FailureHasAnIdThatItsLineInTheLogHasTooAndTellsNothingElse()
    {
        var lines = new List<string>();
        var log = LoggerFactory.Create(logging => logging.AddProvider(new Lines(lines))).CreateLogger<Errors>();
        foreach (var e in (Exception[])[new InvalidOperationException("at /var/lib/secret: select * from job"),
            new StorageFailedException("CHECK constraint failed: state in ('queued')")])
        {
            lines.Clear();
            var context = new DefaultHttpContext { Response = { Body = new MemoryStream() }, TraceIdentifier = "request-7" };
            await new Errors(log).HandleAsync(context, _ => throw e);
            var answer = System.Text.Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
            Assert.Contains("\"request_id\":\"request-7\"", answer, StringComparison.Ordinal);
            Assert.DoesNotContain(e.Message, answer, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
            var line = Assert.Single(lines);
            Assert.Contains("request-7", line, StringComparison.Ordinal);
            Assert.Contains(e.Message, line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task RefusalHasNoRequestId()
    {
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await new Errors(NullLogger<Errors>.Instance).HandleAsync(context, static _ => throw ProblemException.JobNotFound());
        Assert.DoesNotContain("request_id", System.Text.Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UploadThatItsClientCutsOffLeavesNoLineInTheLog()
    {
        using var folder = new TempFolder();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var before = broker.Program.Output;
        for (var i = 0; i < 10; i++)
        {
            using var connection = await RawConnection.OpenAsync(broker.Url);
            await connection.SendAsync(RawConnection.Head("POST /jobs", "Host: x", broker.Api.Bot, "Content-Length: 1000", "Expect: 100-continue"));
            Assert.Equal(100, (await connection.ReceiveAsync()).Status); // the broker waits for the body
            await connection.SendAsync("{\"command\":");
            if (i % 2 == 0) connection.Reset();
        }
        using (var connection = await RawConnection.OpenAsync(broker.Url)) // the same, and then its end is seen by the broker: a refusal
        {
            await connection.SendAsync(RawConnection.Head("POST /jobs", "Host: x", broker.Api.Bot, "Content-Length: 12") + "{\"command\":}");
            Assert.Equal(422, (await connection.ReceiveAsync()).Status);
        }
        Assert.Equal(0, await broker.Program.StopAsync());
        Assert.DoesNotContain("error", broker.Program.Output[before.Length..], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" warn ", broker.Program.Output[before.Length..], StringComparison.Ordinal);
    }

    private sealed class Lines(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
