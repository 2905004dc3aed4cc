using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>Rows under a header, each column as wide as its widest cell. What others wrote may be in it, and steers no terminal.</summary>
internal static class Table
{
    private const string Gap = "  ";

    /// <param name="header">The columns' names; one that begins with <c>&gt;</c> holds numbers, flush right.</param>
    public static IReadOnlyList<string> Of(string[] header, IEnumerable<string[]> rows)
    {
        string[][] cells = [[.. header.Select(static h => h.TrimStart('>'))], .. rows.Select(static r => r.Select(static c => VisibleText.Of(c)).ToArray())];
        int[] widths = [.. header.Select((_, column) => cells.Max(r => r[column].Length))];
        return [.. cells.Select(Line)];

        string Line(string[] row)
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Length; column++)
            {
                if (column > 0) line.Append(Gap);
                line.Append(header[column].StartsWith('>') ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column]));
            }
            return line.ToString().TrimEnd();
        }
    }

    public static void Print(string[] header, IEnumerable<string[]> rows)
    {
        foreach (var line in Of(header, rows)) Console.Out.WriteLine(line);
    }
}
