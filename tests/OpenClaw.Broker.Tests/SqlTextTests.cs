using System.Text.RegularExpressions;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>No text of SQL is put together from what somebody sent: values go as parameters.</summary>
public sealed partial class SqlTextTests
{
    /// <summary>What may stand in a text of SQL: names of columns and tables, constants, and numbers of our own.</summary>
    private static readonly HashSet<string> Ours =
    [
        // JobTable and Table: names that the program gives
        "name", "c.Name", "i + 1", "columns.Length + i + 1", "IdempotencyKeys.IsFree",
        "IsFree", "UniqueKeys.IsFree", "JobTable.Rows.Select(", "Oldest", "Running", "SerialKeys.First", "SerialKeys.Turn",
        "Edges.IsNeeded", "EndedSql", "BatchSql", "QueueNames.Hooks",
        // SqliteJobStore and AuditTable: columns, words of an enumeration, and the conditions of a list, which are made of these
        "AllColumns", "Columns", "Size", "IsKnown", "SqliteJobStore.AllColumns", "SqliteJobStore.IsKnown", "s.Name()", "where",
        // Numbers
        "BusyTimeoutMs", "Most", "Page", "Database.BusyTimeoutMs", "cacheKiB", "version", "ledger.State.Seq", "ledger.State.Accepted",
        // Names out of lists in the source
        "table", "list",
    ];

    [Fact]
    public void NoValueIsPutIntoSql()
    {
        var found = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "OpenClaw.Broker"), "*.cs", SearchOption.AllDirectories))
        {
            if (file.Contains("/obj/", StringComparison.Ordinal)) continue;
            foreach (Match text in Interpolated().Matches(File.ReadAllText(file)))
            {
                if (!Sql().IsMatch(text.Value)) continue;
                foreach (Match hole in Hole().Matches(text.Value))
                {
                    if (!Ours.Contains(hole.Groups[1].Value)) found.Add($"{Path.GetFileName(file)}: {{{hole.Groups[1].Value}}} in {text.Value}");
                }
            }
        }
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [GeneratedRegex("\\$\"(?:[^\"\\\\\n]|\\\\.)*\"")]
    private static partial Regex Interpolated();

    [GeneratedRegex("""\b(select .* from|insert into|update \w+ set|delete from|pragma \w+|\bwhere \w|and \w+\.\w+ [=<])""")]
    private static partial Regex Sql();

    [GeneratedRegex("""\{([^{}]+)\}""")]
    private static partial Regex Hole();
}
