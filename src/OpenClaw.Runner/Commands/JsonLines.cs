using System.Globalization;
using System.Text.Json;

namespace OpenClaw.Runner.Commands;

/// <summary>On which line of a JSON text each value stands, by its path: <c>commands.backup.env[0]</c>.</summary>
internal sealed class JsonLines
{
    private readonly Dictionary<string, int> lines = new(StringComparer.Ordinal) { [""] = 1 };

    private JsonLines()
    {
    }

    /// <summary>Paths that stand there twice, and where for the second time.</summary>
    public List<(string Path, int Line)> Doubled { get; } = [];

    /// <exception cref="JsonException">It is no JSON.</exception>
    public static JsonLines Of(ReadOnlySpan<byte> json)
    {
        var found = new JsonLines();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var cursor = (Offset: 0L, Line: 1);
        reader.Read();
        found.Walk(ref reader, json, ref cursor, "");
        return found;
    }

    public static string Member(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    public static string Item(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    /// <summary>The line of a value; of one that is missing, that of what it is missing in.</summary>
    public int Of(string path)
    {
        while (!lines.ContainsKey(path)) path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        return lines[path];
    }

    private void Walk(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref (long Offset, int Line) cursor, string path)
    {
        Note(reader.TokenStartIndex, json, ref cursor, path);
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var member = Member(path, reader.GetString()!);
                var isDoubled = lines.ContainsKey(member);
                Note(reader.TokenStartIndex, json, ref cursor, member);
                if (isDoubled) Doubled.Add((member, cursor.Line));
                reader.Read();
                Walk(ref reader, json, ref cursor, member);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            for (var n = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; n++) Walk(ref reader, json, ref cursor, Item(path, n));
        }
    }

    private void Note(long offset, ReadOnlySpan<byte> json, ref (long Offset, int Line) cursor, string path)
    {
        cursor.Line += json[(int)cursor.Offset..(int)offset].Count((byte)'\n');
        cursor.Offset = offset;
        lines.TryAdd(path, cursor.Line);
    }
}
