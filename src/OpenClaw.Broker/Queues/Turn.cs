using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// What decides who is next: the step of rank, which is 15 minutes or one of priority; within it who has had less; then the
/// order of acceptance. What has waited until it is as urgent as anything new can be becomes no more so: from there on all share.
/// </summary>
/// <param name="Tag">How often its requester's turn has come, on the queue's own count.</param>
internal readonly record struct Turn(long Step, long Tag, Rank Rank) : IComparable<Turn>
{
    /// <param name="urgent">What <see cref="MostUrgent"/> says of now.</param>
    public static Turn Of(Rank rank, long tag, long urgent) => new(Math.Max(rank.At / Rank.PriorityStepMs, urgent), tag, rank);

    /// <summary>The step of a job of the highest priority that is accepted at this time.</summary>
    public static long MostUrgent(long wall) => Rank.Of(wall, priority: 1, seq: 0).At / Rank.PriorityStepMs;

    public int CompareTo(Turn other) => Step != other.Step ? Step.CompareTo(other.Step)
        : Tag != other.Tag ? Tag.CompareTo(other.Tag) : Rank.CompareTo(other.Rank);
}

/// <summary>
/// Finds whose turn is first, of items whose turns change: one that came nearer is offered again; one that moved away is found
/// out when it comes first.
/// </summary>
internal sealed class TurnHeap<T>(Func<T, Turn?> turnOf)
{
    private const int Spare = 64;
    private readonly PriorityQueue<Slot, Turn> heap = new();
    private readonly HashSet<Slot> slots = [];

    public int Count => slots.Count;

    public Slot Add(T item)
    {
        var slot = new Slot(item);
        slots.Add(slot);
        return slot;
    }

    public void Remove(Slot slot)
    {
        slots.Remove(slot);
        slot.Queued = null;
    }

    /// <summary>To be called whenever an item's turn may have come nearer.</summary>
    public void Offer(Slot slot)
    {
        if (turnOf(slot.Item) is not { } turn || slot.Queued is { } queued && queued.CompareTo(turn) <= 0) return;
        slot.Queued = turn;
        heap.Enqueue(slot, turn);
        if (heap.Count > 4 * slots.Count + Spare) DropStale();
    }

    /// <summary>The item whose turn it is; default where none has one.</summary>
    public T? First()
    {
        while (heap.TryPeek(out var slot, out var turn))
        {
            if (slot.Queued != turn)
            {
                heap.Dequeue(); // offered again since
                continue;
            }
            slot.Queued = turnOf(slot.Item);
            if (slot.Queued == turn) return slot.Item;
            if (slot.Queued is { } later) heap.DequeueEnqueue(slot, later);
            else heap.Dequeue();
        }
        return default;
    }

    private void DropStale()
    {
        heap.Clear();
        foreach (var slot in slots) if (slot.Queued is { } turn) heap.Enqueue(slot, turn);
    }

    /// <summary>An item's place in the heap.</summary>
    /// <param name="item">Whose place it is.</param>
    internal sealed class Slot(T item)
    {
        public T Item { get; } = item;

        /// <summary>The turn it stands in the heap with; null where it doesn't.</summary>
        public Turn? Queued { get; set; }
    }
}
