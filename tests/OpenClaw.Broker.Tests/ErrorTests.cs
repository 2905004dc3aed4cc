using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Http;
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
    public async Task UploadThatItsClientCutsOffLeavesNoLineInTheLog()
    {
        using var folder = new TempFolder();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var before = broker.Program.Output;
        for (var i = 0; i < 10; i++)
        {
            using var connection = await RawConnection.OpenAsync(broker.Url);
            await connection.SendAsync(RawConnection.Head("POST /jobs", "Host: x", broker.Api.Bot, "Content-Length: 1000") + "{\"command\":");
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
}
