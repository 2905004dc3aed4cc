using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenClaw.Programs;

namespace OpenClaw.Bot;

/// <summary>A small JSON file that only this user may read. Each write replaces it whole: a crash leaves the old one or the new one.</summary>
internal sealed class PrivateFile<T>(string path, JsonTypeInfo<T> type) where T : class
{
    /// <summary>What was written last; null where nothing was.</summary>
    /// <exception cref="JsonException">The file was damaged by something else.</exception>
    public T? Read()
    {
        if (!File.Exists(path)) return null;
        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize(stream, type);
    }

    public void Write(T value) => PrivateFiles.Write(path, JsonSerializer.SerializeToUtf8Bytes(value, type));
}
