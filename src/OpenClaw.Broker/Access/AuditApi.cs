using System.Globalization;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Access;

/// <summary>Reading the audit, and proving that nobody has changed it since.</summary>
internal sealed class AuditApi(IStore store)
{
    private const int PageLinks = 50;
    private const int CheckedAtOnce = 1000;

    public void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/audit").RequireAuthorization(Rights.ReadAudit);
        group.MapGet("", (RequestDelegate)ListAsync);
        group.MapGet("/verify", (RequestDelegate)VerifyAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var cursor = context.Request.Query["cursor"].ToString();
        var before = long.MaxValue;
        if (cursor.Length > 0 && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            throw ProblemException.BadQuery("cursor", "must be the 'next' of the page before");
        }
        var links = await store.ReadAsync(AuditTable.Before(before, PageLinks), context.RequestAborted);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("audit");
            foreach (var link in links)
            {
                json.WriteStartObject();
                json.WriteNumber("n", link.N);
                json.WriteNumber("at", link.At / 1000);
                json.WriteString("hash", Convert.ToHexStringLower(link.Hash));
                json.WritePropertyName("entries");
                json.WriteRawValue(link.Entries);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("next", links.Count == PageLinks ? links[^1].N.ToString(CultureInfo.InvariantCulture) : null);
            json.WriteEndObject();
        });
    }

    /// <summary>Counts every link's hash again, from the oldest on.</summary>
    private async Task VerifyAsync(HttpContext context)
    {
        var head = context.Request.Query["head"].ToString();
        var (last, hash) = (await store.ReadAsync(AuditTable.Dropped))[0];
        var (count, isSeen) = (0L, head.Length == 0 || head == Convert.ToHexStringLower(hash));
        string? broken = null;
        while (broken is null && await store.ReadAsync(AuditTable.After(last, CheckedAtOnce), context.RequestAborted) is { Count: > 0 } links)
        {
            foreach (var link in links)
            {
                broken = link.N != last + 1 ? $"link {last + 1} is missing"
                    : !AuditChain.Next(hash, link.N, link.Entries).AsSpan().SequenceEqual(link.Hash) ? $"link {link.N} was changed, or one before it"
                    : null;
                if (broken is not null) break;
                (last, hash, count) = (link.N, link.Hash, count + 1);
                isSeen |= Convert.ToHexStringLower(hash) == head;
            }
        }
        if (broken is null && !isSeen) broken = "no link has the given head: what followed it was taken away or made anew";
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", broken is null);
            json.WriteNumber("links", count);
            json.WriteString("head", Convert.ToHexStringLower(hash));
            json.WriteString("broken", broken);
            json.WriteEndObject();
        });
    }
}
