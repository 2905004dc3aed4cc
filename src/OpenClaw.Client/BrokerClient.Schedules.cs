using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>What makes jobs by itself.</summary>
public sealed partial class BrokerClient
{
    private const int LargestSchedulePage = 200;

    /// <summary>A page of schedules by name, without their jobs.</summary>
    /// <param name="cursor">The page before's <see cref="SchedulePage.Next"/>.</param>
    /// <param name="limit">200 at most.</param>
    public Task<SchedulePage> ListSchedulesAsync(string? cursor = null, int limit = LargestSchedulePage, CancellationToken stop = default)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"schedules?limit={limit}");
        if (cursor is not null) path += $"&cursor={Uri.EscapeDataString(cursor)}";
        return SendAsync(HttpMethod.Get, path, WireJson.Default.SchedulePage, stop, AddBot);
    }

    public Task<ScheduleView> GetScheduleAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Schedule(name), WireJson.Default.ScheduleView, stop, AddBot);

    /// <summary>The next ten ticks.</summary>
    public Task<ScheduleTicks> PreviewScheduleAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Get, Schedule(name, "/preview"), WireJson.Default.ScheduleTicks, stop, AddBot);

    /// <summary>Makes a schedule; its name must be free.</summary>
    public Task<ScheduleView> CreateScheduleAsync(NewSchedule schedule, CancellationToken stop = default) =>
        PostAsync("schedules", schedule, WireJson.Default.NewSchedule, WireJson.Default.ScheduleView, stop);

    /// <param name="fields">As the API names them.</param>
    public Task<ScheduleView> CreateScheduleAsync(JsonObject fields, CancellationToken stop = default) =>
        PostAsync("schedules", fields, WireJson.Default.JsonObject, WireJson.Default.ScheduleView, stop);

    /// <param name="fields">Those that change; null is the default.</param>
    /// <param name="version">What the change was made from: refused where the schedule is at another one by now.</param>
    public Task<ScheduleView> ChangeScheduleAsync(string name, JsonObject fields, long? version = null, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Patch, Schedule(name), WireJson.Default.ScheduleView, stop, request =>
        {
            AddBot(request);
            if (version is { } known) request.Headers.TryAddWithoutValidation("If-Match", known.ToString(CultureInfo.InvariantCulture));
            request.Content = JsonContent.Create(fields, WireJson.Default.JsonObject);
        });

    public Task<DeletedSchedule> DeleteScheduleAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Delete, Schedule(name), WireJson.Default.DeletedSchedule, stop, AddBot);

    /// <summary>Lets a schedule make nothing until <see cref="ResumeScheduleAsync"/>.</summary>
    public Task<PausedSchedule> PauseScheduleAsync(string name, string? reason = null, CancellationToken stop = default) =>
        PostAsync(Schedule(name, "/pause"), new CancelBody(reason), WireJson.Default.CancelBody, WireJson.Default.PausedSchedule, stop);

    public Task<PausedSchedule> ResumeScheduleAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Schedule(name, "/resume"), WireJson.Default.PausedSchedule, stop, AddBot);

    /// <summary>Has a schedule make its job at once, beside its ticks.</summary>
    public Task<RunSchedule> RunScheduleAsync(string name, CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, Schedule(name, "/run"), WireJson.Default.RunSchedule, stop, AddBot);

    /// <summary>Has a schedule make the jobs of the past ticks that have none.</summary>
    public Task<BackfilledSchedule> BackfillScheduleAsync(string name, BackfillBody range, CancellationToken stop = default) =>
        PostAsync(Schedule(name, "/backfill"), range, WireJson.Default.BackfillBody, WireJson.Default.BackfilledSchedule, stop);

    private static string Schedule(string name, string verb = "") => $"schedules/{Uri.EscapeDataString(name)}{verb}";
}
