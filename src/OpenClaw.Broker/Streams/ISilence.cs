using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Streams;

/// <summary>Says why a job writes nothing.</summary>
internal interface ISilence
{
    Task<(string Code, string Text)> ExplainAsync(Job job);
}
