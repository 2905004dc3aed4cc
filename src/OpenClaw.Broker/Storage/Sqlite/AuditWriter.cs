using System.Buffers;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Gathers what a transaction's commits note for the audit, and writes it as one link of the chain.</summary>
internal sealed class AuditWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> text = new(1024);
    private readonly Utf8JsonWriter json;
    private long last;
    private byte[] head;
    private byte[]? next;
    private long at;

    /// <param name="sql">Of the connection that writes.</param>
    public AuditWriter(Statements sql)
    {
        json = new Utf8JsonWriter(text);
        var newest = sql["select n, hash from audit order by n desc limit 1"].First(Link);
        (last, head) = newest.Hash is not null ? newest : sql["select audit_n, audit_hash from meta"].First(Link);
        head ??= AuditChain.Beginning;

        static (long N, byte[] Hash) Link(IRow row) => (row.Number(0)!.Value, row.Blob(1)!);
    }

    public void Add(AuditEntry entry)
    {
        if (text.WrittenCount == 0 && json.BytesPending == 0) json.WriteStartArray();
        json.WriteStartObject();
        json.WriteNumber("at", entry.At / 1000);
        json.WriteString("actor", entry.Actor);
        json.WriteString("action", entry.Action);
        if (entry.Target is not null) json.WriteString("target", entry.Target);
        if (entry.Detail is not null) json.WriteString("detail", entry.Detail);
        json.WriteEndObject();
        at = entry.At;
    }

    /// <summary>Writes the link, within the transaction.</summary>
    public void Flush(Statements sql, SteadyTime now)
    {
        if (json.BytesCommitted + json.BytesPending == 0) return;
        json.WriteEndArray();
        json.Flush();
        next = AuditChain.Next(head, last + 1, text.WrittenSpan);
        var link = sql["insert into audit (n, at, steady_ms, entries, hash) values (?1, ?2, ?3, ?4, ?5)"];
        link.Set(1, last + 1);
        link.Set(2, at);
        link.Set(3, now.Milliseconds);
        link.Set(4, Encoding.UTF8.GetString(text.WrittenSpan));
        link.Set(5, next);
        link.Run();
    }

    /// <summary>The transaction is on the disk.</summary>
    public void Keep()
    {
        if (next is not null) (last, head) = (last + 1, next);
        Clear();
    }

    /// <summary>The transaction was rolled back, or there is none yet.</summary>
    public void Clear()
    {
        next = null;
        text.ResetWrittenCount();
        json.Reset();
    }

    public void Dispose() => json.Dispose();
}
