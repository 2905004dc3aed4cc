namespace OpenClaw.Broker.Access;

/// <summary>What a token is for. A right is held by several of them.</summary>
[Flags]
internal enum Role
{
    None = 0,

    /// <summary>Creates, reads and changes jobs and queues.</summary>
    Bot = 1,

    /// <summary>Asks for the commands it is allowed, and sees its own jobs alone.</summary>
    Agent = 2,

    /// <summary>Reads everything and changes nothing.</summary>
    Reader = 4,

    /// <summary>Reads jobs, and decides on those that wait for a person's yes.</summary>
    Approver = 8,

    /// <summary>Claims jobs and says what became of them.</summary>
    Worker = 16,

    /// <summary>All that people may, and tokens, the audit and the dashboard.</summary>
    Admin = 32,
}

/// <summary>The words of <see cref="Role"/>, the same on the wire and in the table.</summary>
internal static class RoleNames
{
    private static readonly (Role Role, string Name)[] Names =
        [(Role.Bot, "bot"), (Role.Agent, "agent"), (Role.Reader, "reader"), (Role.Approver, "approver"), (Role.Worker, "worker"), (Role.Admin, "admin")];

    public static string All { get; } = string.Join(", ", Names.Select(static n => n.Name));

    public static string Name(this Role role) => Names.First(n => n.Role == role).Name;

    /// <summary>The role of that name; none where there is none.</summary>
    public static Role Parse(string? name) => Names.FirstOrDefault(n => n.Name == name).Role;
}
