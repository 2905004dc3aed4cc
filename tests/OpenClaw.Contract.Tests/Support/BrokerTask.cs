using OpenClaw.Testing;

namespace OpenClaw.Contract.Tests.Support;

/// <summary>The broker's program, run for a task that ends.</summary>
internal static class BrokerTask
{
    public static readonly string Program = Repository.Broker;

    public static Task<(int Code, string Said)> RunAsync(OwnBroker broker, params string[] arguments) =>
        RunAsync(Variables(broker.Database, broker.Process.Url.Port), arguments);

    public static async Task<(int Code, string Said)> RunAsync(Dictionary<string, string> variables, params string[] arguments)
    {
        await using var program = ProgramProcess.Start(Program, variables, arguments);
        var code = await program.WaitForExitAsync();
        return (code, program.Output);
    }

    public static Dictionary<string, string> Variables(string database, int port = 8000) => new()
    {
        ["BROKER_DB"] = database, ["BROKER_PORT"] = $"{port}", ["BOT_TOKEN"] = BrokerProcess.BotToken, ["WORKER_TOKEN"] = BrokerProcess.WorkerToken,
    };
}
