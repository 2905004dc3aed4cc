using System.Runtime.Versioning;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Repositories;

/// <summary>Does the jobs of one repository command.</summary>
[SupportedOSPlatform("linux")]
internal sealed class RepositoryHandler(RepositoryCommand command, RepositorySettings settings, RunnerContext runner) : IHandler
{
    /// <summary>From SIGKILL to the end of all that was killed.</summary>
    public TimeSpan Patience => TimeSpan.FromSeconds(5);

    public ServedCommand Told(string name) => command.Told;

    public async Task<Outcome> RunAsync(JobContext job)
    {
        try
        {
            using var folder = new WorkFolder(runner.StateFolder, job.Id, job.Attempt);
            var call = new RepositoryCall(RepositoryPayload.Read(job.Payload), settings, new Tool(settings, runner.Clock, job.Stop), folder.Files);
            var found = await command.RunAsync(call);
            var repo = command.Required.Length == 0 ? null : call.Payload.Repo;
            var answer = new RepositoryAnswer(Ok: true, runner.WorkerId, command.Name, repo, found.IsCut, found.Data, Error: null);
            return new Succeeded(JsonSerializer.Serialize(answer, RepositoryJson.Readable.RepositoryAnswer));
        }
        catch (RepositoryException e)
        {
            return new Failed(settings.Redacts ? Redaction.Of(e.Message) : e.Message, e.MayPass);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failed("can't read the repository: this user may not, or it changes");
        }
    }
}

/// <summary>What a command gets.</summary>
/// <param name="Folder">An empty one, for this job alone.</param>
[SupportedOSPlatform("linux")]
internal sealed record RepositoryCall(RepositoryPayload Payload, RepositorySettings Settings, Tool Tool, string Folder)
{
    public Repository Open() => Repository.Open(Settings, Payload.Repo);

    /// <summary>A text for the answer, without what looks like a secret.</summary>
    public string Shown(string text) => Settings.Redacts ? Redaction.Of(text) : text;
}
