namespace OpenClaw.Crash.Tests.Running;

/// <summary>The jobs of late that clients tell each other of.</summary>
internal sealed class JobPool
{
    public Some Made { get; } = new();

    /// <summary>Those that a worker keeps.</summary>
    public Some Running { get; } = new();

    public Some Failed { get; } = new();

    /// <summary>The newest few of a kind.</summary>
    internal sealed class Some
    {
        private const int Most = 24;
        private readonly Lock gate = new();
        private readonly List<string> jobs = [];

        public void Add(string job)
        {
            lock (gate)
            {
                jobs.Add(job);
                if (jobs.Count > Most) jobs.RemoveAt(0);
            }
        }

        public string? Pick(Random random)
        {
            lock (gate) return jobs.Count == 0 ? null : jobs[random.Next(jobs.Count)];
        }

        /// <summary>A job for one client alone.</summary>
        public string? Take(Random random)
        {
            lock (gate)
            {
                if (jobs.Count == 0) return null;
                var n = random.Next(jobs.Count);
                var job = jobs[n];
                jobs.RemoveAt(n);
                return job;
            }
        }
    }
}
