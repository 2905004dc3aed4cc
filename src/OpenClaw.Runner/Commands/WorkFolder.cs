using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Commands;

/// <summary>What one job has on disk while it runs: an empty folder to work in, and its payload as a file.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly string folder;

    /// <param name="stateFolder">The runner's own.</param>
    public WorkFolder(string stateFolder, string jobId, int attempt)
    {
        folder = Path.Combine(All(stateFolder), string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{jobId}.{attempt}.{Guid.NewGuid():N}"));
        PrivateFiles.CreateFolder(Files);
    }

    /// <summary>Where the job may write.</summary>
    public string Files => Path.Combine(folder, "files");

    public string PayloadFile => Path.Combine(folder, "payload");

    public void WritePayload(string payload) => PrivateFiles.Write(PayloadFile, Encoding.UTF8.GetBytes(payload));

    /// <summary>Deletes what an earlier run of the runner left.</summary>
    public static void DeleteAll(string stateFolder) => Delete(All(stateFolder));

    public void Dispose() => Delete(folder);

    private static string All(string stateFolder) => Path.Combine(stateFolder, "work");

    private static void Delete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What another user owns, or what still writes there: the next start tries again.
        }
    }
}
