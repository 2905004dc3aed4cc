using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Workers;

/// <summary>What a worker tells of itself, and what it is told: to stop a job, to take no more.</summary>
internal sealed class WorkerControl(WorkerBook book, IStore store, TimeProvider time, IHostApplicationLifetime lifetime) : INewsSink
{
    private const int MaxBytes = 256 << 10;
    private const int MostCommands = 1000;
    private const int MaxVersionBytes = 64;
    private const int MaxNameBytes = 256;
    private const int MaxTextBytes = 2000;

    public void Map(IEndpointRouteBuilder routes)
    {
        var me = routes.MapGroup("/workers/me").RequireAuthorization(Rights.HoldJobs);
        me.MapPut("", (RequestDelegate)TellAsync);
        me.MapGet("/control", (RequestDelegate)HearAsync);
        routes.MapGet("/commands", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ListCommands);
    }

    /// <summary>Who runs a job that is to stop hears of it at once.</summary>
    public ValueTask Heard(JobNews news)
    {
        if (news is { State: JobState.Running, CancelRequested: true }) book.Tell();
        return ValueTask.CompletedTask;
    }

    private async Task TellAsync(HttpContext context)
    {
        var worker = Worker(context);
        var body = await RequestBody.ReadAsync(context, MaxBytes);
        var fields = RequestBody.Parse(context, body, "version", "commands");
        var errors = new FieldErrors();
        var version = fields[0].Type == JsonTokenType.Null ? null : errors.OptionalText("version", fields[0], MaxVersionBytes);
        if (fields[1].Type != JsonTokenType.StartArray) errors.Add("commands", "must be a list of objects, each with a name", "list_type");
        errors.Check();
        var commands = RequestBody.Items(fields[1].Json);
        if (commands.Count > MostCommands) errors.Add("commands", $"has {commands.Count} commands; there may be {MostCommands}", "list_length");
        errors.Check();
        for (var n = 0; n < commands.Count; n++) Check(commands[n], n);
        if (context.Request.GetTypedHeaders().Date is { } date) book.NoteClock(worker, date.ToUnixTimeMilliseconds());
        await book.NoteAsync(worker, version is null ? null : Encoding.UTF8.GetString(version), Encoding.UTF8.GetString(fields[1].Json.Span));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("id", worker);
            json.WriteEndObject();
        });
    }

    private static void Check(ReadOnlyMemory<byte> command, int n)
    {
        var errors = new FieldErrors("commands", n.ToString(CultureInfo.InvariantCulture));
        if (command.Span[0] != '{') errors.Add([], "must be an object with a name", "object_type");
        errors.Check();
        var fields = RequestBody.ParseMembers(command, "name", "description", "queue", "definition", "approval");
        errors.Text("name", fields[0], 1, MaxNameBytes);
        if (fields[1].Type != JsonTokenType.Null) errors.OptionalText("description", fields[1], MaxTextBytes);
        if (fields[2].Type != JsonTokenType.Null) errors.OptionalText("queue", fields[2], QueueNames.MaxLength);
        if (fields[3].Type != JsonTokenType.Null) errors.OptionalText("definition", fields[3], MaxNameBytes);
        errors.Flag("approval", fields[4]);
        errors.Check();
    }

    private async Task HearAsync(HttpContext context)
    {
        var worker = Worker(context);
        var wait = RequestParts.Wait(context);
        var after = context.Request.Query["after"].ToString();
        if (after.Length > 0 && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw ProblemException.BadQuery("after", "must be the 'seq' of the answer before");
        }
        var credential = context.GetCaller().Credential;
        using var permit = credential.BeginWait();
        using var deadline = new CancellationTokenSource(wait, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            [deadline.Token, context.RequestAborted, lifetime.ApplicationStopping, credential.Revoked]);
        for (var isFirst = true; ; isFirst = false)
        {
            var changed = book.Changed;
            var seq = book.Seq;
            var cancel = await store.ReadAsync(WorkerTable.ToCancel(worker), context.RequestAborted);
            var drain = book.DrainOf(worker) is not null;
            // Another number than the last: something has come since, or is over, or it is one of before this process began.
            var isNew = (isFirst || cancel.Count > 0 || drain) && after != Number(seq) || after.Length == 0;
            if (isNew || wait == TimeSpan.Zero || stop.IsCancellationRequested)
            {
                await SendAsync(context, seq, cancel, drain);
                return;
            }
            await changed.WaitAsync(stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (book.Seq != seq && drain && book.DrainOf(worker) is null) after = ""; // that it is over is news, too
        }
    }

    private static Task SendAsync(HttpContext context, long seq, List<string> cancel, bool drain) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("seq", seq);
        json.WriteStartArray("cancel");
        foreach (var job in cancel) json.WriteStringValue(job);
        json.WriteEndArray();
        json.WriteBoolean("drain", drain);
        json.WriteEndObject();
    });

    /// <summary>What can be asked for now: what the workers have told within thirty days.</summary>
    private Task ListAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var commands = new SortedDictionary<string, (ReadOnlyMemory<byte> Json, List<string> Workers)>(StringComparer.Ordinal);
        foreach (var row in book.All.Where(static r => r.Commands is not null).OrderByDescending(static r => r.ToldAt))
        {
            foreach (var command in RequestBody.Items(Encoding.UTF8.GetBytes(row.Commands!)))
            {
                var name = Encoding.UTF8.GetString(RequestBody.ParseMembers(command, "name")[0].Text!);
                if (!caller.MayAskFor(name)) continue;
                if (!commands.TryGetValue(name, out var known)) commands[name] = known = (command, []);
                known.Workers.Add(row.Id);
            }
        }
        return Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("commands");
            foreach (var (name, (command, workers)) in commands) Write(json, name, command, workers);
            json.WriteEndArray();
            json.WriteNull("next");
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> command, List<string> workers)
    {
        var fields = RequestBody.ParseMembers(command, "description", "schema", "approval");
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("description", fields[0].Text);
        json.WritePropertyName("schema");
        if (fields[1].Type == JsonTokenType.None) json.WriteNullValue();
        else json.WriteRawValue(fields[1].Json.Span);
        json.WriteBoolean("approval", fields[2].Type == JsonTokenType.True);
        json.WriteStartArray("workers");
        foreach (var worker in workers.Order(StringComparer.Ordinal)) json.WriteStringValue(worker);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Worker(HttpContext context) => context.GetWorkerId()
        ?? throw ProblemException.BadRequest($"{Contracts.HeaderNames.WorkerId} is missing; a worker that tells of itself, or is told something, needs a name");

    private static string Number(long seq) => seq.ToString(CultureInfo.InvariantCulture);
}
