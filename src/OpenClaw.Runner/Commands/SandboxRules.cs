namespace OpenClaw.Runner.Commands;

/// <summary>What keeps a command away from the rest of the machine.</summary>
/// <param name="Network">Whether it reaches the network.</param>
/// <param name="Write">Files and folders beside its own that it may change; the rest it reads at most.</param>
/// <param name="Devices">Devices that it may use, such as <c>/dev/nvidia0</c>.</param>
/// <param name="MemoryMib">Null for no limit of its own; so is the next.</param>
internal sealed record SandboxRules(SandboxKind Kind, bool Network = false, IReadOnlyList<string>? Write = null, IReadOnlyList<string>? Devices = null,
    int? MemoryMib = null, int? Tasks = null)
{
    private const int MostMemoryMib = 16 << 20, MostTasks = 1 << 20;

    /// <summary>All of it as texts, for the definition.</summary>
    public IEnumerable<string> Texts =>
        [Kind.ToString(), Network.ToString(), string.Join('\n', Write ?? []), string.Join('\n', Devices ?? []), $"{MemoryMib}", $"{Tasks}"];

    public static SandboxRules Read(FileNode? node, Machine machine)
    {
        if (node is not { } sandbox) return new SandboxRules(SandboxKind.None);
        if (sandbox.Value.ValueKind != System.Text.Json.JsonValueKind.Object) return new SandboxRules(ReadKind(sandbox, machine));
        sandbox.Knows("kind", "network", "write", "devices", "memory_mib", "tasks");
        if (sandbox.Member("kind") is not { } kindNode)
        {
            sandbox.Refuse("has no kind. Set kind to none, systemd or bwrap.");
            return new SandboxRules(SandboxKind.None);
        }
        var kind = ReadKind(kindNode, machine);
        foreach (var limit in (string[])["memory_mib", "tasks"])
        {
            if (kind == SandboxKind.Bwrap) sandbox.Member(limit)?.Refuse("can't be kept by bwrap. Set kind to systemd, or delete it.");
        }
        if (kind == SandboxKind.None && sandbox.Value.EnumerateObject().Count() > 1)
        {
            sandbox.Refuse("of kind none keeps nothing of what stands beside it. Set kind to systemd or bwrap, or delete the rest.");
        }
        return new SandboxRules(kind, sandbox.Member("network")?.Flag() ?? false, Paths(sandbox.Member("write")), Paths(sandbox.Member("devices")),
            sandbox.Member("memory_mib")?.WholeNumber(0, 1, MostMemoryMib, "MiB"),
            sandbox.Member("tasks")?.WholeNumber(0, 1, MostTasks, "processes and threads"));
    }

    private static SandboxKind ReadKind(FileNode node, Machine machine)
    {
        switch (node.Word("none", "systemd", "bwrap"))
        {
            case "systemd":
                if (!machine.HasSystemd || machine.Find("systemd-run") is null || machine.Find("systemctl") is null)
                {
                    node.Refuse("needs systemd, which does not run this machine. Set it to bwrap or none.");
                }
                return SandboxKind.Systemd;
            case "bwrap":
                if (machine.Find("bwrap") is not null) return SandboxKind.Bwrap;
                node.Refuse("needs the program bwrap, which is not there. Run apt install bubblewrap, or set it to systemd or none.");
                return SandboxKind.Bwrap;
            default:
                return SandboxKind.None;
        }
    }

    /// <summary>Absolute, and without a sign that the sandboxes' own lists give a meaning to.</summary>
    private static List<string>? Paths(FileNode? node)
    {
        if (node is not { } list) return null;
        foreach (var item in list.Items())
        {
            if (item.Value.ValueKind == System.Text.Json.JsonValueKind.String && !IsPlain(item.Value.GetString()!))
            {
                item.Refuse("is no path that a sandbox can be told. Give an absolute one, without spaces, quotes and : \\ %.");
            }
        }
        return [.. list.Texts()];
    }

    public static bool IsPlain(string path) => Path.IsPathFullyQualified(path)
        && !path.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || c is ':' or '\\' or '%' or '"' or '\'');
}

internal enum SandboxKind
{
    None,

    /// <summary>A transient service of systemd.</summary>
    Systemd,

    /// <summary>Namespaces by bubblewrap.</summary>
    Bwrap,
}
