namespace OpenClaw.Benchmarks.Load;

internal enum LoadMode
{
    /// <summary>Create, claim, result, each on the same connection; counted when all three were answered as they should.</summary>
    Cycle,

    /// <summary>Creates alone.</summary>
    Create,
}

/// <summary>Which broker is loaded, and how.</summary>
internal sealed record LoadOptions(Uri Url, string BotToken, string WorkerToken)
{
    public LoadMode Mode { get; init; }
    public int Connections { get; init; } = 32;
    public int Seconds { get; init; } = 10;
    public int Warmup { get; init; } = 3;
    public int PayloadBytes { get; init; } = 5;

    public static LoadOptions From(Arguments arguments) =>
        new(new Uri(arguments.Required("url")), arguments.Required("bot-token"), arguments.Required("worker-token"))
        {
            Mode = arguments.Text("mode", "cycle") switch
            {
                "cycle" => LoadMode.Cycle,
                "create" => LoadMode.Create,
                var other => throw new UsageException($"--mode takes cycle or create, not '{other}'."),
            },
            Connections = arguments.Number("connections", 32),
            Seconds = arguments.Number("seconds", 10),
            Warmup = arguments.Number("warmup", 3),
            PayloadBytes = arguments.Number("payload-bytes", 5),
        };
}
