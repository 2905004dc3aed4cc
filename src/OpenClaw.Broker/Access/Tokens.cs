using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Access;

/// <summary>
/// The tokens that open something: those of the configuration and those of the table, all in memory. Kept as SHA-256, so that
/// the file gives none away and comparing tells nothing of them.
/// </summary>
internal sealed class Tokens
{
    private const int OnStackLength = 256;
    private readonly IStore store;
    private readonly Clock clock;
    private readonly Lock changing = new();
    private readonly Token[] configured;
    private volatile Index index;

    public Tokens(BrokerOptions options, IStore store, Clock clock)
    {
        (this.store, this.clock) = (store, clock);
        configured =
        [
            Configured(Token.WorkerName, Role.Worker, options.WorkerToken),
            Configured(Token.BotName, Role.Bot, options.BotToken),
            .. options.AdminToken is { } admin ? (Token[])[Configured(Token.AdminName, Role.Admin, admin)] : [],
            .. options.DeliverToken is { } deliver ? (Token[])[Configured(Token.DeliverName, Role.Worker, deliver) with
            {
                Queues = [Token.DeliverQueue], WorkerPattern = Token.DeliverName,
            }] : [],
        ];
        index = new Index([.. configured.Select(static t => new Credential(t))]);
    }

    /// <summary>All that open something or did until they expired, by name.</summary>
    public IEnumerable<Credential> All => index.ByName.Values.OrderBy(static c => c.Token.Name, StringComparer.Ordinal);

    /// <summary>To be called before the first request.</summary>
    public async Task LoadAsync()
    {
        var rows = (await store.ReadAsync(TokenTable.All)).Where(r => !configured.Any(c => c.Name == r.Name));
        lock (changing) index = new Index([.. configured.Concat(rows).Select(static t => new Credential(t))]);
    }

    /// <summary>Whose text it is, also where that has expired; null where it is nobody's.</summary>
    /// <param name="isWorker">Whether a worker's token is looked for, or a person's.</param>
    public Credential? Find(string text, bool isWorker)
    {
        var maxLength = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = text.Length <= OnStackLength ? stackalloc byte[maxLength] : new byte[maxLength];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], hash);
        return index.Find(hash, isWorker);
    }

    /// <summary>Whether it still opens something; then it was just used.</summary>
    public bool Use(Credential credential)
    {
        var now = clock.Wall;
        if (credential.Token.ExpiresAt <= now) return false;
        credential.UsedAt = now;
        return true;
    }

    public Credential? Named(string name) => index.ByName.GetValueOrDefault(name);

    /// <summary>The tokens that stand for a person now.</summary>
    public IReadOnlyList<Credential> Of(string person)
    {
        var now = clock.Wall;
        return [.. index.ByPerson[person].Where(c => !(c.Token.ExpiresAt <= now))];
    }

    /// <summary>Whether it was neither revoked nor has expired since.</summary>
    public bool IsAlive(Credential credential) => Named(credential.Token.Name) == credential && !(credential.Token.ExpiresAt <= clock.Wall);

    /// <summary>Adds a token; false where its name is taken.</summary>
    public async Task<bool> AddAsync(Token token, AuditEntry noted)
    {
        if (Named(token.Name) is not null || await store.WriteAsync(new Commit([new TokenInsert(token)], isEssential: false, noted)) is not null) return false;
        Put(token);
        return true;
    }

    /// <summary>Takes a token away; false where there is none. It opens nothing from then on, and what waits under it ends.</summary>
    public async Task<bool> RevokeAsync(string name, AuditEntry noted)
    {
        if (await store.WriteAsync(new Commit([new TokenDelete(name, mustExist: true)], isEssential: true, noted)) is not null) return false;
        Drop(name);
        return true;
    }

    public Task OfferAsync(Enrolment enrolment, AuditEntry noted) =>
        store.WriteAsync(new Commit([new EnrolmentPurge(clock.Wall), new EnrolmentInsert(enrolment)], isEssential: false, noted));

    /// <summary>The enrolment behind a code; null where it is used, over or never was.</summary>
    public async Task<Enrolment?> FindEnrolmentAsync(string code)
    {
        var found = await store.ReadAsync(TokenTable.EnrolmentOf(SHA256.HashData(Encoding.UTF8.GetBytes(code))));
        return found is [var enrolment] && enrolment.Until > clock.Wall ? enrolment : null;
    }

    /// <summary>Uses a code up: its token replaces the one that its machine may have had. False where somebody was faster.</summary>
    public async Task<bool> EnrolAsync(Enrolment enrolment, Token token, AuditEntry noted)
    {
        Change[] changes = [new EnrolmentDelete(enrolment.CodeHash), new TokenDelete(token.Name, mustExist: false), new TokenInsert(token)];
        if (await store.WriteAsync(new Commit(changes, isEssential: false, noted)) is not null) return false;
        Drop(token.Name);
        Put(token);
        return true;
    }

    /// <summary>Notes in the table when tokens were last used.</summary>
    public async Task NoteUsesAsync()
    {
        var used = All.Where(static c => !c.Token.IsConfigured && c.UsedAt > (c.NotedAt ?? c.Token.UsedAt ?? 0))
            .Select(static c => (Credential: c, At: c.UsedAt)).ToList();
        if (used.Count == 0) return;
        await store.WriteAsync(new Commit([.. used.Select(static u => new TokenUsed(u.Credential.Token.Name, u.At))], isEssential: false));
        foreach (var (credential, at) in used) credential.NotedAt = at;
    }

    private static Token Configured(string name, Role role, string text) =>
        new() { Name = name, Role = role, Hash = SHA256.HashData(Encoding.UTF8.GetBytes(text)), IsConfigured = true };

    private void Put(Token token)
    {
        lock (changing) index = new Index([.. index.ByName.Values, new Credential(token)]);
    }

    private void Drop(string name)
    {
        Credential? dropped;
        lock (changing)
        {
            dropped = Named(name);
            index = new Index([.. index.ByName.Values.Where(c => c != dropped)]);
        }
        dropped?.Revoke();
    }

    /// <summary>Never changed: replaced.</summary>
    private sealed class Index
    {
        private readonly Dictionary<ulong, Credential[]> people;
        private readonly Dictionary<ulong, Credential[]> workers;

        public Index(IReadOnlyList<Credential> all)
        {
            ByName = all.ToDictionary(static c => c.Token.Name, StringComparer.Ordinal);
            ByPerson = all.Where(static c => c.Token.Person is not null).ToLookup(static c => c.Token.Person!, StringComparer.Ordinal);
            people = ByHash(all.Where(static c => c.Token.Role != Role.Worker));
            workers = ByHash(all.Where(static c => c.Token.Role == Role.Worker));
        }

        public IReadOnlyDictionary<string, Credential> ByName { get; }

        public ILookup<string, Credential> ByPerson { get; }

        public Credential? Find(ReadOnlySpan<byte> hash, bool isWorker)
        {
            if (!(isWorker ? workers : people).TryGetValue(Prefix(hash), out var alike)) return null;
            foreach (var credential in alike)
            {
                if (credential.Opens(hash)) return credential;
            }
            return null;
        }

        private static Dictionary<ulong, Credential[]> ByHash(IEnumerable<Credential> credentials) =>
            credentials.GroupBy(static c => Prefix(c.Token.Hash)).ToDictionary(static g => g.Key, static g => g.ToArray());

        private static ulong Prefix(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
