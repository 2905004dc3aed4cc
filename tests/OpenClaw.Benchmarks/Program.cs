using OpenClaw.Benchmarks;
using OpenClaw.Benchmarks.Against;
using OpenClaw.Benchmarks.Figures;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Programs;

const string Usage = """
    openclaw-benchmarks load --url URL --bot-token T --worker-token T [--mode cycle|create] [--connections 32] [--seconds 10] [--warmup 3] [--payload-bytes 5]
        Loads any broker of the contract and prints one JSON line.
    openclaw-benchmarks figures [--only NAME,NAME] [--rounds 1] [--seconds 10] [--warmup 3] [--broker PROGRAM] [--charts FOLDER]
        Starts what it needs and prints a line per figure. Names: million, batches, streams, start, kill, polls, size, memory, latency.
    openclaw-benchmarks peers [--only NAME,NAME] [--rounds 3] [--seconds 10] [--warmup 5] [--connections 32] [--payload-bytes 100]
                              [--broker PROGRAM] [--python-broker FOLDER,FOLDER [--python python3]] [--charts FOLDER]
        The same work here and in other systems, taking turns. The script 'peers' installs them and calls this.
        Names: bullmq, graphile-worker, pg-boss, hangfire, rabbitmq, beanstalkd, python.
    openclaw-benchmarks storage [--rounds 1] [--seconds 10] [--warmup 3]
        Creates with storage against creates in the same silo that stores nowhere.
    openclaw-benchmarks cpu --broker PROGRAM --against PROGRAM [--rounds 1] [--seconds 10] [--warmup 3]
        What a cycle and a create cost two builds of the broker in processor time, taking turns.
    """;

try
{
    var options = new Arguments(args.Skip(1));
    switch (args.FirstOrDefault())
    {
        case "load":
            Console.WriteLine(LoadRun.Run(LoadOptions.From(options)).ToJson());
            return ExitCodes.Ok;
        case "figures":
            return await FigureRun.RunAsync(options);
        case "peers":
            return await PeerRun.RunAsync(options);
        case null when StorelessBroker.IsAsked:
            return await StorelessBroker.RunAsync();
        case "storage":
            return await StorageFigure.RunAsync(options);
        case "cpu":
            return await CpuFigure.RunAsync(options);
        default:
            Console.Error.WriteLine(Usage);
            return ExitCodes.Usage;
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}\n{Usage}");
    return ExitCodes.Usage;
}
