using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Testing;
using SQLitePCL;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Tests;

/// <summary>What a kill -9 would leave of a file.</summary>
internal static class Kills
{
    /// <summary>Copies of the file as it is before each statement that the connection executes, and after the last; the same state once.</summary>
    public static List<string> Before(TempFolder folder, string path, Action<SqliteConnection> run)
    {
        var seen = new HashSet<string>();
        var copies = new List<string>();
        using var connection = MigrationTests.Open(path);
        // With few pages in memory the uncommitted ones reach the log, too.
        connection.Execute("pragma journal_mode = wal; pragma cache_size = 5");
        sqlite3_trace(connection.Handle!, (strdelegate_trace)((_, _) => Copy()), null);
        run(connection);
        Copy();
        return copies;

        void Copy()
        {
            var files = (string[])[.. new[] { "", "-wal" }.Where(ending => File.Exists(path + ending))];
            if (!seen.Add(Convert.ToHexString(SHA256.HashData([.. files.SelectMany(ending => File.ReadAllBytes(path + ending))])))) return;
            var copy = folder.File(string.Create(CultureInfo.InvariantCulture, $"kill-{copies.Count}.db"));
            foreach (var ending in files) File.Copy(path + ending, copy + ending);
            copies.Add(copy);
        }
    }

    /// <summary>Copies of the file with its log up to each commit that stands in there.</summary>
    public static List<string> AfterEachCommit(TempFolder folder, string path)
    {
        const int HeaderBytes = 32, FrameHeaderBytes = 24;
        var log = File.ReadAllBytes(path + "-wal");
        var frameBytes = FrameHeaderBytes + BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(8));
        var copies = new List<string>();
        for (var end = HeaderBytes + frameBytes; end <= log.Length; end += frameBytes)
        {
            var frame = log.AsSpan(end - frameBytes, FrameHeaderBytes);
            if (!frame[8..16].SequenceEqual(log.AsSpan(16, 8))) break; // left of an earlier log
            if (BinaryPrimitives.ReadInt32BigEndian(frame[4..]) == 0) continue;
            var copy = folder.File(string.Create(CultureInfo.InvariantCulture, $"commit-{copies.Count}.db"));
            File.Copy(path, copy);
            File.WriteAllBytes(copy + "-wal", log[..end]);
            copies.Add(copy);
        }
        return copies;
    }
}
