using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenClaw.Testing.Http;

namespace OpenClaw.Testing.Decisions;

/// <summary>
/// A held job, and at once: two persons who decide about it, one who decides about what an edit makes of it, that edit, and a worker who asks for it.
/// </summary>
public sealed class DecisionRace
{
    private const string Made = "as it was made", Edited = "as it was edited";
    private readonly string claimId = Guid.NewGuid().ToString("N");
    private readonly Api api;
    private readonly IReadOnlyDictionary<string, string> people;
    private readonly string id, queue;
    private readonly List<Call> calls;
    private readonly List<int> looks;

    private DecisionRace(Api api, IReadOnlyDictionary<string, string> people, string id, string queue, Random random)
    {
        (this.api, this.people, this.id, this.queue) = (api, people, id, queue);
        var decisions = people.Keys.Select((who, n) => new Call(random.Next(4) == 0 ? Word.Deny : Word.Approve, who, n < 2 ? Made : Edited));
        calls = [new Call(Word.Claim, "", ""), .. decisions];
        if (random.Next(3) > 0) calls.Add(new Call(Word.Edit, "bot", Edited));
        looks = [.. calls.Select(call => random.Next(call.Word == Word.Claim ? 12 : 6))];
    }

    public IReadOnlyList<Call> Calls => calls;

    /// <summary>How it ended: running, held or failed.</summary>
    public string? End { get; private set; }

    /// <summary>Makes those who decide.</summary>
    /// <returns>Their names, and the headers that say it is they.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> PeopleAsync(Api api, string adminToken)
    {
        var people = new Dictionary<string, string>();
        foreach (var name in (string[])["anna", "bert", "carla"])
        {
            var made = await api.PostAsync("/tokens", $$"""{"name": "{{name}}", "role": "approver", "person": "{{name}}"}""", $"X-Bot-Token: {adminToken}");
            people[name] = $"X-Bot-Token: {made["token"].GetString()}";
        }
        return people;
    }

    /// <summary>Makes a job that is held.</summary>
    /// <param name="queue">In which there is no other.</param>
    /// <param name="random">Chooses who says what, and how long each looks at the job before.</param>
    public static async Task<DecisionRace> MakeAsync(Api api, IReadOnlyDictionary<string, string> people, string queue, Random random)
    {
        var made = await api.CreateFromAsync($$"""{"command": "ping", "payload": "{{Made}}", "queue": "{{queue}}", "approval": true}""");
        return new DecisionRace(api, people, made.Json.Id(), queue, random);
    }

    /// <summary>Says all of it at once.</summary>
    /// <param name="answered">Told of each answer.</param>
    public Task RunAsync(Action? answered = null) => Task.WhenAll(Enumerable.Range(0, calls.Count).Select(async n =>
    {
        calls[n] = await DoAsync(calls[n], looks[n]);
        if (calls[n].Status is not null) answered?.Invoke();
    }));

    /// <summary>Says again what had no answer, as whoever waits for one does; a claim is said again as it is judged.</summary>
    public async Task RepeatAsync()
    {
        foreach (var call in calls.Where(static c => c.Status is null && c.Word != Word.Claim).ToList()) calls.Add(await DoAsync(call, 0));
    }

    /// <summary>Lets the worker have what it may have, and looks whether all of it can have been so.</summary>
    /// <returns>What can't; null where all is well.</returns>
    public async Task<string?> ViolationAsync()
    {
        var job = await api.JobAsync(id);
        using var patience = new CancellationTokenSource(Broken.After);
        do calls[0] = await DoAsync(calls[0] with { Who = "", Payload = "" }, 0);
        while (job.Text("state") == "queued" && calls[0].Code == Call.Nothing && !patience.IsCancellationRequested);
        job = await api.JobAsync(id);
        End = job.Text("state")!;
        var end = new HeldJob(End, job.Text("payload")!, End == "running" ? calls[0].Who : null);
        var history = (await api.GetAsync($"/jobs/{id}/history", api.Bot))["events"].EnumerateArray().ToList();
        if (End == "running") await api.FinishAsync(id, end.Payload, $"X-Worker-Id: {claimId}");
        else await api.CancelAsync(id);
        var told = $"{string.Join('\n', calls)}\n{end}\n{string.Join(", ", history.Select(static e => $"{e.Text("event")} by {e.Text("actor")}"))}";
        if (!new HeldJob("held", Made).Explains(calls, end)) return "no order explains\n" + told;
        return people.Keys.Any(who => !IsKept(who, history)) ? "the history has not what was answered\n" + told : null;
    }

    /// <summary>A decision that was answered is in the history, one that was refused is not, and none is there twice.</summary>
    private bool IsKept(string who, List<JsonElement> history)
    {
        var kept = history.Count(e => e.Text("event") is "approved" or "denied" && e.Text("actor") == who);
        var said = calls.Where(c => c.Who == who && c.Word is Word.Approve or Word.Deny).Select(static c => c.Status).ToList();
        return kept <= 1 && (!said.Contains(200) || kept == 1) && (said.Contains(200) || said.Contains(null) || kept == 0);
    }

    private async Task<Call> DoAsync(Call call, int looks)
    {
        try
        {
            for (; looks > 0; looks--) await api.ReadAsync(id);
            return call.Word == Word.Claim ? await ClaimAsync(call) : await SayAsync(call);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            return call; // it was killed
        }
    }

    private async Task<Call> SayAsync(Call call)
    {
        var answer = call.Word == Word.Edit
            ? await api.SendAsync(HttpMethod.Patch, $"/jobs/{id}", Encoding.UTF8.GetBytes($$"""{"payload": "{{call.Payload}}"}"""), api.Bot)
            : await api.PostAsync($"/jobs/{id}/{(call.Word == Word.Approve ? "approve" : "deny")}",
                $$"""{"digest": "{{Digest.Of("ping", call.Payload, "", queue, "")}}"}""", people[call.Who]);
        return answer.Status >= 500 ? call : call with { Status = answer.Status, Code = answer.Status == 200 ? null : answer["code"].GetString() };
    }

    /// <summary>The same claim each time: what it was given once, it is given again.</summary>
    private async Task<Call> ClaimAsync(Call call)
    {
        var answer = await api.ClaimAsync($"X-Worker-Id: {claimId}", $"X-Worker-Queues: {queue}", $"X-Claim-Id: {claimId}");
        if (answer.Status != 200) return call;
        if (answer.Job is not { } job) return call with { Status = 200, Code = Call.Nothing };
        var (payload, approved) = (job.Text("payload")!, job.GetProperty("approved"));
        var isToThat = approved.Text("digest") == Digest.Of("ping", payload, "", queue, "");
        return call with { Status = 200, Code = isToThat ? null : "the yes was to something else", Who = approved.Text("by")!, Payload = payload };
    }
}
