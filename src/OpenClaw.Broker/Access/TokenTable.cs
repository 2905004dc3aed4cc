using System.Text.Json;
using System.Text.Json.Serialization;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Access;

/// <summary>The tables <c>token</c> and <c>enrolment</c>.</summary>
internal static class TokenTable
{
    public static readonly Table<Token> Rows = new(
        "token", ["name"], static () => new Token { Name = "", Hash = [], Role = Role.None },
        Columns<Token>.Text("name", t => t.Name, Writing.Once),
        Columns<Token>.Blob("hash", t => t.Hash, Writing.Once),
        Columns<Token>.As("role", t => t.Role, static v => v.Name(), RoleNames.Parse, Writing.Once),
        Columns<Token>.Text("person", t => t.Person, Writing.Once),
        Columns<Token>.Flag("acts_for", t => t.ActsFor),
        Columns<Token>.As("commands", t => t.Commands, Format, Parse, Writing.Once),
        Columns<Token>.Number("per_minute", t => t.PerMinute, Writing.Once),
        Columns<Token>.Number("max_queued", t => t.MaxQueued, Writing.Once),
        Columns<Token>.Text("worker_pattern", t => t.WorkerPattern, Writing.Once),
        Columns<Token>.As("queues", t => t.Queues, Format, Parse, Writing.Once),
        Columns<Token>.As("caps", t => t.Caps, Format, Parse, Writing.Once),
        Columns<Token>.Number("created_at", t => t.CreatedAt, Writing.Once),
        Columns<Token>.Text("created_by", t => t.CreatedBy, Writing.Once),
        Columns<Token>.Number("expires_at", t => t.ExpiresAt, Writing.Once),
        Columns<Token>.Number("used_at", t => t.UsedAt, Writing.Once));

    /// <summary>Every token, also those of roles that a newer program knows.</summary>
    public static readonly Query<Token> All = new($"select {Rows.Select("t")} from token t order by t.name", Rows.Read);

    private static readonly string EnrolmentSql = "select worker, queues, caps, created_by, until from enrolment where hash = ?1";

    public static Query<Enrolment> EnrolmentOf(byte[] codeHash) => new(EnrolmentSql, row =>
        new Enrolment(codeHash, row.Text(0)!, Parse(row.Text(1)), Parse(row.Text(2)), row.Text(3)!, row.Number(4)!.Value), codeHash);

    public static string? Format(IReadOnlyList<string>? names) => names is null ? null : JsonSerializer.Serialize([.. names], TokenJson.Default.StringArray);

    private static IReadOnlyList<string>? Parse(string? text) => text is null ? null : JsonSerializer.Deserialize(text, TokenJson.Default.StringArray);
}

/// <summary>A one-time code by which a machine fetches its token.</summary>
/// <param name="CodeHash">SHA-256 of the code.</param>
/// <param name="Worker">The worker's id, and the token's name.</param>
/// <param name="Until">Milliseconds since 1970.</param>
internal sealed record Enrolment(byte[] CodeHash, string Worker, IReadOnlyList<string>? Queues, IReadOnlyList<string>? Caps, string CreatedBy, long Until);

/// <summary>A new token; refused where the name is taken.</summary>
internal sealed class TokenInsert(Token token) : Change
{
    public override string Sql => TokenTable.Rows.Insert;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => TokenTable.Rows.WriteAll(token, parameters);
}

/// <summary>Takes a token away; refused where it is gone already and must be there.</summary>
internal sealed class TokenDelete(string name, bool mustExist) : Change
{
    public override string Sql => "delete from token where name = ?1";

    public override bool CanBeRefused => mustExist;

    public override void Bind(IParameters parameters) => parameters.Set(1, name);
}

/// <summary>When a token was last used.</summary>
internal sealed class TokenUsed(string name, long at) : Change
{
    public override string Sql => "update token set used_at = ?2 where name = ?1";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, name);
        parameters.Set(2, at);
    }
}

internal sealed class EnrolmentInsert(Enrolment enrolment) : Change
{
    public override string Sql => "insert into enrolment (hash, worker, queues, caps, created_by, until) values (?1, ?2, ?3, ?4, ?5, ?6)";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, enrolment.CodeHash);
        parameters.Set(2, enrolment.Worker);
        parameters.Set(3, TokenTable.Format(enrolment.Queues));
        parameters.Set(4, TokenTable.Format(enrolment.Caps));
        parameters.Set(5, enrolment.CreatedBy);
        parameters.Set(6, enrolment.Until);
    }
}

/// <summary>Uses a code up; refused where that has been done.</summary>
internal sealed class EnrolmentDelete(byte[] codeHash) : Change
{
    public override string Sql => "delete from enrolment where hash = ?1";

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => parameters.Set(1, codeHash);
}

/// <summary>Forgets codes that are over.</summary>
internal sealed class EnrolmentPurge(long now) : Change
{
    public override string Sql => "delete from enrolment where until < ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, now);
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class TokenJson : JsonSerializerContext;
