using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Runner.Outbox;

namespace OpenClaw.Runner.Work;

/// <summary>
/// With <c>JOB_KEYS</c>: runs only what one of the keys signed, within its time, and once. What was signed and has ended here is
/// remembered until then; a job that was interrupted may come again, as the same job.
/// </summary>
internal sealed class SignedJobs
{
    private const string Ended = "ended";
    private readonly IReadOnlyDictionary<string, ECDsa> keys;
    private readonly string folder;
    private readonly TimeProvider clock;

    public SignedJobs(IReadOnlyDictionary<string, ECDsa> keys, string stateFolder, TimeProvider clock)
    {
        (this.keys, folder, this.clock) = (keys, Path.Combine(stateFolder, "nonces"), clock);
        if (keys.Count > 0) OnDisk(folder, Forget);
    }

    /// <summary>Why the job is not run; null where it may be. Then its nonce is this job's.</summary>
    public string? Refuse(ClaimedJob job)
    {
        if (keys.Count == 0) return null;
        const string Only = "this runner runs only jobs that one of its JOB_KEYS signed";
        if (job.Signature is not { } signature) return $"{Only}, and this one is not signed; send it with clawctl submit --sign";
        if (!keys.TryGetValue(signature.Key, out var key)) return $"{Only}, and '{signature.Key}' is none of them; add it to JOB_KEYS";
        if (!JobSignature.IsValid(job.View, signature, key)) return $"{Only}, and the signature is not that of this job: it was changed after it was signed";
        if (clock.GetUtcNow().ToUnixTimeSeconds() > signature.NotAfter) return "the job's signature is over; sign and send it again";
        var path = NoteOf(signature);
        var noted = "";
        OnDisk(path, () => noted = File.Exists(path) ? File.ReadAllText(path) : "");
        if (noted == Ended || noted.Length > 0 && noted != job.Id) return "the job's signature was used already; sign and send it again";
        OnDisk(path, () => PrivateFiles.Write(path, Encoding.UTF8.GetBytes(job.Id)));
        return null;
    }

    /// <summary>The job has ended here: its signature is used up.</summary>
    public void End(ClaimedJob job)
    {
        if (keys.Count == 0 || job.Signature is not { } signature) return;
        var path = NoteOf(signature);
        OnDisk(path, () =>
        {
            if (File.Exists(path)) PrivateFiles.Write(path, Encoding.UTF8.GetBytes(Ended));
        });
    }

    /// <summary>Drops what can't be used any more: the name begins with the last second.</summary>
    private void Forget()
    {
        PrivateFiles.CreateFolder(folder);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (long.TryParse(Path.GetFileName(file).Split('-')[0], CultureInfo.InvariantCulture, out var notAfter) && notAfter < now) File.Delete(file);
        }
    }

    private string NoteOf(Signature signature) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture,
        $"{signature.NotAfter}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{signature.Key}\n{signature.Nonce}")))}"));

    private static void OnDisk(string path, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutboxException("write", path, e);
        }
    }
}
