using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Writes today's jobs as the Python broker keeps them, for the way back to it.</summary>
internal static class PythonExport
{
    private const string Table = """
        create table jobs (
          id text primary key, created_at integer not null, started_at integer, finished_at integer, lease_until integer, status text not null,
          command text not null, payload text not null, result text, error text, worker_id text, requires text)
        """;

    private const string Columns = "id, created_at, started_at, finished_at, lease_until, status, command, payload, result, error, worker_id, requires";

    /// <summary>Its runners would take the broker's own jobs for theirs.</summary>
    private const string IsOfPeople = $"j.queue <> '{QueueNames.Hooks}'";

    /// <param name="target">Must not be there.</param>
    /// <returns>How many jobs were written.</returns>
    /// <exception cref="DatabaseException">It is there already, or the two files don't agree.</exception>
    public static JobNumbers Run(string path, string target)
    {
        if (File.Exists(target)) throw new DatabaseException($"{target} is there already. Name a file that is not.");
        var temporary = target + ".part";
        PrivateFiles.Write(temporary, []);
        try
        {
            using (var connection = Backup.Open(temporary, SqliteOpenMode.ReadWrite))
            {
                using (var attach = connection.CreateCommand())
                {
                    attach.CommandText = "attach $path as ours";
                    attach.Parameters.AddWithValue("$path", path);
                    attach.ExecuteNonQuery();
                }
                using var transaction = connection.BeginTransaction(deferred: true);
                connection.Execute(Table);
                connection.Execute($"insert into jobs ({Columns}) select v.{Columns.Replace(", ", ", v.", StringComparison.Ordinal)} "
                    + $"from ours.jobs v join ours.job j on j.id = v.id where {IsOfPeople} order by j.rank, j.seq");
                PythonStreams.Write(connection);
                if (connection.Scalar<long>("select (select count(*) from main.jobs) = (select count(*) from ours.job j where " + IsOfPeople + ")") != 1)
                {
                    throw new DatabaseException($"Not every job of {path} could be written, and nothing was kept of {target}. Look at the file first: "
                        + "openclaw-broker --doctor");
                }
                transaction.Commit();
            }
            var numbers = Backup.Prove(temporary);
            FileOwner.Take(temporary, from: path);
            File.Move(temporary, target, overwrite: false);
            PrivateFiles.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(target))!);
            return numbers;
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (e is SqliteException sqlite) throw DatabaseException.From(sqlite, path);
            throw;
        }
    }
}
