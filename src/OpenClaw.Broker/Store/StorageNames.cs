namespace OpenClaw.Broker.Store;

/// <summary>What Orleans' own storage is called.</summary>
internal static class StorageNames
{
    /// <summary>Orleans' ADO.NET grain storage in the same file, for all state but jobs.</summary>
    public const string AdoNet = "orleans";

    /// <summary>What Orleans' ADO.NET providers call SQLite.</summary>
    public const string Invariant = "System.Data.SQLite";
}
