namespace OpenClaw.Broker.Jobs;

/// <summary>All jobs, each under its own authority.</summary>
internal interface IJobs
{
    IJobGrain this[Guid id] { get; }
}

/// <summary>References to JobGrains. Orleans' own look-up reads attributes at every call.</summary>
internal sealed class JobGrains : IJobs
{
    private readonly IGrainFactory factory;
    private readonly GrainType type;
    private readonly GrainInterfaceType face;

    public JobGrains(IGrainFactory factory)
    {
        this.factory = factory;
        var any = (GrainReference)factory.GetGrain<IJobGrain>(Guid.Empty);
        (type, face) = (any.GrainId.Type, any.InterfaceType);
    }

    public IJobGrain this[Guid id] => (IJobGrain)factory.GetGrain(GrainId.Create(type, GrainIdKeyExtensions.CreateGuidKey(id)), face);
}
