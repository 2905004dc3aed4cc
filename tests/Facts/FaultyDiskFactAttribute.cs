using OpenClaw.Testing.Disk;

namespace OpenClaw.Testing;

public sealed class FaultyDiskFactAttribute() : MachineFactAttribute(FaultyDisk.Missing());
