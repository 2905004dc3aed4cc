namespace OpenClaw.Broker.Store;

/// <summary>The row was changed by somebody else since it was read: load it again.</summary>
[GenerateSerializer, Alias("OpenClaw.StaleVersion")]
internal sealed class StaleVersionException(string message) : Exception(message);

/// <summary>Another job runs under this worker's claim id.</summary>
[GenerateSerializer, Alias("OpenClaw.ClaimIdInUse")]
internal sealed class ClaimIdInUseException() : Exception("the claim id is in use by another running job");

/// <summary>The write was certainly not executed: the database is locked, or too much waits. Try again.</summary>
[GenerateSerializer, Alias("OpenClaw.StorageBusy")]
internal sealed class StorageBusyException(string message) : Exception(message);

/// <summary>The write was certainly not executed: the disk is full.</summary>
[GenerateSerializer, Alias("OpenClaw.StorageFull")]
internal sealed class StorageFullException(string message) : Exception(message);

/// <summary>The write was certainly not executed: the database answered with an error.</summary>
[GenerateSerializer, Alias("OpenClaw.StorageFailed")]
internal sealed class StorageFailedException(string message) : Exception(message);
