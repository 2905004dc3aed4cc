using Microsoft.AspNetCore.Authorization;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>The table of rights: what may be done, and which roles may. A route names one: <c>RequireAuthorization(Rights.CreateJobs)</c>.</summary>
internal static class Rights
{
    public const string CreateJobs = "create jobs";
    public const string ReadJob = "read a job";
    public const string ListJobs = "list jobs";
    public const string ChangeJobs = "change jobs";
    public const string DeleteJobs = "delete jobs";
    public const string Work = "claim and finish jobs";
    public const string HoldJobs = "hold claimed jobs";
    public const string Approve = "approve and deny jobs";
    public const string ListCommands = "list commands";
    public const string ReadQueues = "read queues";
    public const string ChangeQueues = "change queues";
    public const string ReadSchedules = "read schedules";
    public const string ChangeSchedules = "change schedules";
    public const string ReadAudit = "read the audit";
    public const string ManageTokens = "manage tokens";

    /// <summary>A session of the dashboard.</summary>
    public const string Dashboard = "open the dashboard";

    private const Role People = Role.Bot | Role.Agent | Role.Reader | Role.Approver | Role.Admin;

    /// <summary>All that is asked with a token. Agents, and workers bound to an id, see their own jobs alone.</summary>
    public static readonly IReadOnlyList<Right> Table =
    [
        new(CreateJobs, Role.Bot | Role.Agent | Role.Admin),
        new(ReadJob, People | Role.Worker),
        new(Work, Role.Worker),
        new(ListJobs, People),
        new(ChangeJobs, Role.Bot | Role.Agent | Role.Admin),
        new(DeleteJobs, Role.Bot | Role.Admin),
        new(HoldJobs, Role.Worker),
        new(ListCommands, People),
        new(Approve, Role.Approver | Role.Admin),
        new(ReadQueues, Role.Bot | Role.Reader | Role.Approver | Role.Admin),
        new(ChangeQueues, Role.Bot | Role.Admin),
        new(ReadSchedules, Role.Bot | Role.Reader | Role.Admin),
        new(ChangeSchedules, Role.Bot | Role.Admin),
        new(ReadAudit, Role.Reader | Role.Admin),
        new(ManageTokens, Role.Admin),
    ];
}

/// <summary>Something that may be done with a token of one of the roles.</summary>
internal sealed class Right(string name, Role roles) : IAuthorizationRequirement
{
    public string Name => name;

    public Role Roles => roles;

    /// <summary>The roles that have it, as people read them.</summary>
    public string RoleNames { get; } = string.Join(", ", Enum.GetValues<Role>().Where(r => r != Role.None && (roles & r) != 0).Select(static r => r.Name()));

    public bool IsForPeople { get; } = (roles & ~Role.Worker) != 0;

    public bool IsForWorkers { get; } = (roles & Role.Worker) != 0;

    /// <summary>The header in which the token is wanted.</summary>
    public string Header => IsForPeople ? HeaderNames.BotToken : HeaderNames.WorkerToken;
}
