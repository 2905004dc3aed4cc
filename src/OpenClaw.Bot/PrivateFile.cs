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

    /// <exception cref="StateNotKeptException">The disk or its rights refuse it.</exception>
    public void Write(T value)
    {
        try
        {
            PrivateFiles.Write(path, JsonSerializer.SerializeToUtf8Bytes(value, type));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateNotKeptException(path, e);
        }
    }
}

/// <summary>The bot's memory could not be written: what it goes on doing now it could do twice, or forget.</summary>
internal sealed class StateNotKeptException(string path, Exception inner) : Exception(
    $"{BotVariables.StateDir}: '{path}' can't be written ({inner.Message}). "
        + "Free space there, or give this user the right to write; started again, the bot goes on where it was.",
    inner);
