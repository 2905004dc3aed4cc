namespace OpenClaw.Broker.Jobs;

/// <summary>Knows what commands run, where their workers say so.</summary>
internal interface IDefinitions
{
    /// <summary>The definition that the command's workers have told, the different ones by comma; null where none has.</summary>
    string? Of(string command);
}
