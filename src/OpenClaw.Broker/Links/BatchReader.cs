using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Links;

/// <summary>Reads the body of <c>POST /jobs/batch</c>.</summary>
internal sealed class BatchReader(JobReader jobs)
{
    private const int MaxRefBytes = 128;

    /// <param name="id">The batch's.</param>
    /// <exception cref="ProblemException">The batch is wrong; what is wrong with one of its jobs stands in its entry.</exception>
    public NewBatch Read(HttpContext context, byte[] body, Guid id)
    {
        var caller = context.GetCaller();
        var fields = RequestBody.Parse(context, body, "jobs", "batch");
        var errors = new FieldErrors();
        if (fields[0].Type != JsonTokenType.StartArray) errors.Add("jobs", $"must be a list of 1 to {NewBatch.Most} jobs, each as in POST /jobs", "list_type");
        if (fields[1].Type is not (JsonTokenType.None or JsonTokenType.Null or JsonTokenType.StartObject))
        {
            errors.Add("batch", "must be null, or an object of on_success and on_complete, each a job as in POST /jobs", "object_type");
        }
        errors.Check();
        var items = RequestBody.Items(fields[0].Json);
        if (items.Count is 0 or > NewBatch.Most) errors.Add("jobs", $"has {items.Count} jobs; a batch has 1 to {NewBatch.Most}", "list_length");
        errors.Check();
        List<BatchEntry> entries = [.. items.Select((json, n) => ReadEntry(json, n, id, caller))];
        var after = fields[1].Type == JsonTokenType.StartObject ? RequestBody.ParseMembers(fields[1].Json, "on_success", "on_complete") : new JsonField[2];
        CheckRefs(entries);
        return new NewBatch(id, entries, ReadAfter("on_success", after[0], id, NewBatch.Most + 1, caller),
            ReadAfter("on_complete", after[1], id, NewBatch.Most + 2, caller));
    }

    private BatchEntry ReadEntry(ReadOnlyMemory<byte> json, int n, Guid batch, Caller caller)
    {
        string[] within = ["jobs", n.ToString(CultureInfo.InvariantCulture)];
        string? refName = null;
        try
        {
            if (json.Span[0] != '{') throw Wrong(within, "must be an object, as in POST /jobs", "object_type");
            var field = RequestBody.ParseMembers(json, "ref")[0];
            var errors = new FieldErrors(within);
            if (field.Type != JsonTokenType.Null && errors.OptionalText("ref", field, MaxRefBytes) is { } text) refName = Encoding.UTF8.GetString(text);
            errors.Check();
            return new BatchEntry(within, refName, jobs.Read(json, caller, within) with { Id = NewBatch.Place(batch, (ushort)(n + 1)), Batch = batch }, null);
        }
        catch (ProblemException e)
        {
            return new BatchEntry(within, refName, null, e);
        }
    }

    /// <summary>A job that waits for the batch's end.</summary>
    private NewJob? ReadAfter(string name, JsonField field, Guid batch, int place, Caller caller)
    {
        if (field.Type is JsonTokenType.None or JsonTokenType.Null) return null;
        string[] within = ["batch", name];
        if (field.Type != JsonTokenType.StartObject) throw Wrong(within, "must be a job, as in POST /jobs", "object_type");
        var job = jobs.Read(field.Json, caller, within);
        if (job.ParentNames.Count > 0) throw Wrong([.. within, "depends_on"], "can't be here: it waits for the whole batch", "both");
        if (job.Unique is not null) throw Wrong([.. within, "unique"], "can't be here: each batch has its own", "both");
        return job with { Id = NewBatch.Place(batch, (ushort)place), Batch = null, AfterBatch = batch };
    }

    /// <summary>Each name stands for one job, each that is used is there, and nothing waits for itself.</summary>
    private static void CheckRefs(List<BatchEntry> entries)
    {
        var errors = new FieldErrors();
        var byRef = new Dictionary<string, BatchEntry>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry.Ref is not { } name || byRef.TryAdd(name, entry)) continue;
            errors.Add([.. entry.Within, "ref"], $"'{name}' is the name of another job of the batch", "value_error");
        }
        foreach (var entry in entries)
        {
            foreach (var parent in entry.Job?.ParentNames ?? [])
            {
                if (byRef.ContainsKey(parent.Name) || Guid.TryParseExact(parent.Name, "D", out _)) continue;
                errors.Add([.. entry.Within, "depends_on"], $"'{parent.Name}' is neither a job's id nor a ref of this batch", "no_such_ref");
            }
        }
        errors.Check();
        var sorted = BatchOrder.Sort(entries);
        foreach (var entry in entries.Except(sorted)) errors.Add([.. entry.Within, "depends_on"], "waits for itself, by way of others of the batch", "cycle");
        errors.Check();
    }

    private static ProblemException Wrong(string[] within, string message, string type)
    {
        var errors = new FieldErrors(within);
        errors.Add([], message, type);
        try
        {
            errors.Check();
        }
        catch (ProblemException e)
        {
            return e;
        }
        throw new InvalidOperationException("an error was added");
    }
}

/// <summary>The order in which a batch's jobs are made.</summary>
internal static class BatchOrder
{
    /// <summary>Parents before their children, else as they were sent; those that wait for themselves are left out.</summary>
    public static List<BatchEntry> Sort(IReadOnlyList<BatchEntry> entries)
    {
        var byRef = new Dictionary<string, BatchEntry>(StringComparer.Ordinal);
        foreach (var entry in entries) if (entry.Ref is { } name) byRef.TryAdd(name, entry);
        var open = new Dictionary<BatchEntry, int>();
        var children = new Dictionary<BatchEntry, List<int>>();
        for (var n = 0; n < entries.Count; n++)
        {
            List<BatchEntry> parents = [.. (entries[n].Job?.ParentNames ?? []).Select(p => byRef.GetValueOrDefault(p.Name)).OfType<BatchEntry>()];
            open[entries[n]] = parents.Count;
            foreach (var parent in parents)
            {
                if (!children.TryGetValue(parent, out var list)) children[parent] = list = [];
                list.Add(n);
            }
        }
        var ready = new SortedSet<int>(Enumerable.Range(0, entries.Count).Where(n => open[entries[n]] == 0));
        var sorted = new List<BatchEntry>(entries.Count);
        while (ready.Count > 0)
        {
            var n = ready.Min;
            ready.Remove(n);
            sorted.Add(entries[n]);
            foreach (var child in children.GetValueOrDefault(entries[n]) ?? []) if (--open[entries[child]] == 0) ready.Add(child);
        }
        return sorted;
    }
}
