using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Connections for Orleans' ADO.NET providers: synced like all others, and never writing beside the writer.</summary>
internal sealed class SqliteDataSource(Database database, WriteGate gate) : DbDataSource
{
    public override string ConnectionString => database.ConnectionString();

    protected override DbConnection CreateDbConnection() => new GatedConnection(ConnectionString, gate.Semaphore);

    /// <summary>Holds the writer's gate while it is open; these writes are rare and short.</summary>
    private sealed class GatedConnection(string connectionString, SemaphoreSlim gate) : SqliteConnection(connectionString)
    {
        private bool holdsGate;

        public override void Open()
        {
            gate.Wait();
            EnterOpen();
        }

        public override async Task OpenAsync(CancellationToken cancellationToken)
        {
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            EnterOpen();
        }

        public override void Close()
        {
            try
            {
                base.Close();
            }
            finally
            {
                if (holdsGate) gate.Release();
                holdsGate = false;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) Close();
            base.Dispose(disposing);
        }

        private void EnterOpen()
        {
            holdsGate = true;
            try
            {
                base.Open();
                Sqlite.Database.Configure(this);
            }
            catch
            {
                Close();
                throw;
            }
        }
    }
}
