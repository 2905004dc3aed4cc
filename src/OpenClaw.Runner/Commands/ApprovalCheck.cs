using System.Text;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Commands;

/// <summary>
/// Whether a person has said yes to exactly what would run here. The runner computes the digest itself, from the job it has and the definition
/// of its own file; that the broker says it is approved is not enough.
/// </summary>
internal static class ApprovalCheck
{
    /// <summary>Why the job may not run yet; null where it may.</summary>
    /// <param name="definition">The hash of the command as this runner has it.</param>
    public static string? Refuse(JobView? job, string definition)
    {
        if (job?.Approved is not { } approved) return "the command runs only after a person's yes";
        // Where several workers have told different things, the yes was to all of them, and this runner's own must be one.
        var told = job.WorkerDefinition?.Split(',').Contains(definition) == true ? job.WorkerDefinition : definition;
        var digest = JobDigest.Of(job.Command, Encoding.UTF8.GetBytes(job.Payload ?? ""), job.Requires, job.Queue ?? "", job.Schedule, told);
        return digest == approved.Digest ? null : "the yes was to something else than what would run here now";
    }
}
