namespace OpenClaw.Broker.Jobs;

/// <summary>What a job asks of its worker: those of a queue that need the same capabilities for the same command share a lane.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Lane")]
internal readonly record struct Lane([property: Id(0)] Caps Caps, [property: Id(1)] string Command);

/// <summary>The jobs of a lane that one requester asked for: they wait in one line.</summary>
/// <param name="Requester">Null where nobody is named.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Flow")]
internal readonly record struct Flow([property: Id(0)] Lane Lane, [property: Id(1)] string? Requester);
