using System.Text;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>What jobs write: followed for some at once, read for all when they have ended.</summary>
internal sealed class OutputStreams(Brokers brokers, ChatSettings settings, TimeProvider clock, Func<double> chance, ProgramLog log)
{
    /// <summary>How many jobs are followed at once; the others are asked about.</summary>
    public const int MostOpen = 8;

    /// <summary>Of these at most so many for jobs that don't run yet.</summary>
    private const int MostWaiting = MostOpen / 2;

    private const int MostReadings = 2;
    private const int ReadTries = 4;

    private int open;

    private SemaphoreSlim Readings { get; } = new(MostReadings);

    /// <summary>A place among those that are followed; false where there is none.</summary>
    public bool TryEnter(bool isRunning)
    {
        if (Interlocked.Increment(ref open) <= (isRunning ? MostOpen : MostWaiting)) return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref open);

    /// <summary>All that a job wrote and the broker still keeps; null where it can't be read.</summary>
    public async Task<string?> ReadAsync(string user, string id, CancellationToken stop)
    {
        var backoff = settings.NewBackoff(chance);
        await Readings.WaitAsync(stop);
        try
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    return await ReadPagesAsync(brokers.Of(user), id, stop);
                }
                catch (BrokerException e) when ((e.IsPassing || e.WasLost) && tries < ReadTries)
                {
                    log.Warn("broker: what a job wrote can't be read yet", ("job_id", id), ("reason", Reasons.Of(e)));
                }
                catch (BrokerException e)
                {
                    return e.IsPassing || e.WasLost ? null : ""; // Not every broker keeps it.
                }
                await Task.Delay(backoff.Next(), clock, stop);
            }
        }
        finally
        {
            Readings.Release();
        }
    }

    private static async Task<string> ReadPagesAsync(BrokerClient broker, string id, CancellationToken stop)
    {
        var text = new StringBuilder();
        for (var after = 0L; ;)
        {
            var page = await broker.ListChunksAsync(id, after, stop);
            if (page.Chunks is not [.., var last]) return text.ToString();
            foreach (var piece in page.Chunks) text.Append(LiveOutput.TextOf(piece.ChunkType, piece.Content));
            after = last.Id;
        }
    }

    /// <summary>Follows one job while it is watched.</summary>
    public Followed Of(TrackedJob job, CancellationToken stop) => new(this, brokers.Of(job.UserId), job.JobId!, log, stop);

    /// <summary>One job's output; disposed, it is followed no more.</summary>
    internal sealed class Followed(OutputStreams streams, BrokerClient broker, string id, ProgramLog log, CancellationToken stop) : IAsyncDisposable
    {
        private readonly CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        private Task reading = Task.CompletedTask;
        private bool isRefused;
        private volatile bool isOpen;

        public LiveOutput Output { get; } = new();

        public bool IsOpen => isOpen;

        /// <summary>Opens the stream where it is not open, where there is a place for it, and where the broker has such a thing.</summary>
        public void Open(bool isRunning)
        {
            if (IsOpen || isRefused || !streams.TryEnter(isRunning)) return;
            isOpen = true;
            reading = Task.Run(ReadAsync, CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            await reading;
            ending.Dispose();
        }

        private async Task ReadAsync()
        {
            try
            {
                await foreach (var e in broker.FollowAsync(id, Output.Last, ending.Token)) Output.Take(e);
            }
            catch (BrokerException e)
            {
                isRefused = !e.IsPassing && !e.WasLost;
                log.Warn("broker: what a job writes can't be followed", ("job_id", id), ("reason", Reasons.Of(e)));
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                // Nobody watches it any more.
            }
            finally
            {
                streams.Leave();
                isOpen = false;
                Output.Tell();
            }
        }
    }
}
