namespace OpenClaw.Benchmarks.Figures;

internal static class FigureRun
{
    public static Task<int> RunAsync(Arguments arguments) => Task.FromResult(arguments.Has("x") ? 1 : 0);
}
