namespace OpenClaw.Crash.Tests.Power;

/// <summary>A file's bytes that are on the disk for certain, and what came since its last sync.</summary>
internal sealed class DiskFile
{
    private const int Sector = 512;
    private readonly List<(int Number, DiskCall Call)> unsynced = [];
    private byte[] bytes = [];
    private int length;

    public void Add(int number, DiskCall call) => unsynced.Add((number, call));

    /// <summary>What came before the call with this number is on the disk.</summary>
    public void Sync(long before) => Settle(before, static () => true);

    /// <summary>What came before the call with this number is partly on the disk, and the system takes it for clean.</summary>
    public void FailSync(long before)
    {
        var random = new Random((int)before);
        Settle(before, () => random.Next(2) == 0);
    }

    /// <summary>What a power cut leaves: of what came since the last sync each sector, and each cut, or not.</summary>
    public byte[] AfterPowerCut(Random random, double kept)
    {
        var after = new DiskFile { bytes = bytes.AsSpan(0, length).ToArray(), length = length };
        foreach (var (_, call) in unsynced) after.Apply(call, () => random.NextDouble() < kept);
        return after.bytes[..after.length];
    }

    private void Settle(long before, Func<bool> isKept)
    {
        foreach (var (number, call) in unsynced)
        {
            if (number < before) Apply(call, isKept);
        }
        unsynced.RemoveAll(u => u.Number < before);
    }

    private void Apply(DiskCall call, Func<bool> isKept)
    {
        if (call.Kind == DiskCallKind.Truncate)
        {
            if (isKept()) SetLength((int)call.At);
            return;
        }
        for (var (from, end) = ((int)call.At, (int)call.At + call.Bytes.Length); from < end;)
        {
            var to = Math.Min((from / Sector + 1) * Sector, end);
            if (isKept())
            {
                SetLength(Math.Max(length, to));
                call.Bytes.Span[(from - (int)call.At)..(to - (int)call.At)].CopyTo(bytes.AsSpan(from));
            }
            from = to;
        }
    }

    private void SetLength(int to)
    {
        if (to > bytes.Length) Array.Resize(ref bytes, Math.Max(to, bytes.Length * 2));
        if (to < length) bytes.AsSpan(to, length - to).Clear();
        length = to;
    }
}
