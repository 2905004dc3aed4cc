using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OpenClaw.Crash.Tests;

/// <summary>Looks into the file beside whoever has it open.</summary>
internal static class FileQuery
{
    public static long Number(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
