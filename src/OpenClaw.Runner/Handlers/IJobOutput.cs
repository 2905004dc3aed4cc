using System.Text.Json;

namespace OpenClaw.Runner.Handlers;

/// <summary>Takes what a job writes while it runs. It must not hold the job up: what it can't take at once it keeps or drops.</summary>
internal interface IJobOutput
{
    /// <param name="text">As it came: a piece may end in the middle of a line.</param>
    void Write(OutputStream stream, string text);

    /// <param name="percent">0 to 100.</param>
    void Report(int percent, string? message);

    /// <summary>A step of a kind of its own.</summary>
    /// <param name="type">1 to 64 bytes.</param>
    /// <param name="metadata">An object.</param>
    void Chunk(string type, string? content, JsonElement? metadata);
}

internal enum OutputStream
{
    Output,
    Error,
}

/// <summary>Nobody watches.</summary>
internal sealed class NoOutput : IJobOutput
{
    public static readonly NoOutput Instance = new();

    public void Write(OutputStream stream, string text)
    {
    }

    public void Report(int percent, string? message)
    {
    }

    public void Chunk(string type, string? content, JsonElement? metadata)
    {
    }
}
