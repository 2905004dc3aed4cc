namespace OpenClaw.Broker.Queues;

/// <summary>A queue's reminder: there before its first lease, and gone an hour after its last, or with the queue.</summary>
internal sealed class QueueReminder(Grain queue)
{
    private const string Name = "leases";
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private IGrainReminder? reminder;
    private bool isKnown;

    public bool IsSet => reminder is not null;

    public async Task KeepAsync(bool isWanted)
    {
        if (!isKnown) reminder = await queue.GetReminder(Name);
        isKnown = true;
        if (isWanted && reminder is null)
        {
            reminder = await queue.RegisterOrUpdateReminder(Name, Period, Period);
        }
        else if (!isWanted && reminder is not null)
        {
            await queue.UnregisterReminder(reminder);
            reminder = null;
        }
    }
}
