using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenClaw.Bot;

/// <summary>A small JSON file that only this user may read. Each write replaces it whole: a crash leaves the old one or the new one.</summary>
internal sealed class PrivateFile<T>(string path, JsonTypeInfo<T> type) where T : class
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>What was written last; null where nothing was.</summary>
    /// <exception cref="JsonException">The file was damaged by something else.</exception>
    public T? Read()
    {
        if (!File.Exists(path)) return null;
        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize(stream, type);
    }

    public void Write(T value)
    {
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var stream = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(stream, value, type);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
