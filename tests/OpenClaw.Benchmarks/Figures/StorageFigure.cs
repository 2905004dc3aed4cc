namespace OpenClaw.Benchmarks.Figures;

internal static class StorageFigure
{
    public static Task<int> RunAsync(Arguments arguments) => Task.FromResult(arguments.Has("x") ? 1 : 0);
}
