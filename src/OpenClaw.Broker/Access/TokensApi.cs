using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>Making, listing and revoking tokens, and enrolling machines.</summary>
internal sealed class TokensApi(Tokens tokens, Guesses guesses, Clock clock, BrokerOptions options, IServer server)
{
    private const int SecretBytes = 32;
    private const int CodeBytes = 20;
    private const int MostNames = 64;
    private const int MostNameBytes = 128;
    private const int AgentPerMinute = 60;
    private const long LastMoment = 253402300799; // of the year 9999
    private static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(10);

    public void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/tokens").RequireAuthorization(Rights.ManageTokens);
        group.MapGet("", (RequestDelegate)ListAsync);
        group.MapPost("", (RequestDelegate)CreateAsync);
        group.MapDelete("/{name}", (RequestDelegate)RevokeAsync);
        routes.MapPost("/enrolments", (RequestDelegate)OfferAsync).RequireAuthorization(Rights.ManageTokens);
        routes.MapPost("/enrol", (RequestDelegate)EnrolAsync);
    }

    private Task ListAsync(HttpContext context) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("tokens");
        foreach (var credential in tokens.All) Write(json, credential.Token, credential.UsedAt, secret: null);
        json.WriteEndArray();
        json.WriteNull("next");
        json.WriteEndObject();
    });

    private async Task CreateAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var (token, secret) = Read(context, body);
        var noted = Note(context, "token.create", token.Name, $"{token.Role.Name()}{(token.Person is null ? "" : $" for {token.Person}")}"
            + (token.ActsFor ? ", acts for others" : ""));
        if (!await tokens.AddAsync(token, noted))
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Exists,
                $"there is a token '{token.Name}' already; choose another name, or revoke that one first");
        }
        await Answer.SendAsync(context, json => Write(json, token, 0, secret));
    }

    private async Task RevokeAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["name"]!;
        if (tokens.Named(name) is not { Token: var token }) throw NoToken();
        if (token.IsConfigured)
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Configured,
                $"'{name}' is set in the broker's configuration; change it there and start the broker again");
        }
        if (!await tokens.RevokeAsync(name, Note(context, "token.revoke", name, token.Role.Name()))) throw NoToken();
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("name", name);
            json.WriteEndObject();
        });
    }

    private async Task OfferAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var fields = RequestBody.Parse(context, body, "worker", "caps", "queues");
        var errors = new FieldErrors();
        var worker = Name(errors, "worker", fields[0]);
        var (caps, queues) = (errors.Texts("caps", fields[1], MostNames, MostNameBytes), errors.Texts("queues", fields[2], MostNames, MostNameBytes));
        errors.Check();
        CheckWorkerName(worker);
        var code = RandomNumberGenerator.GetString("23456789abcdefghjkmnpqrstuvwxyz", CodeBytes);
        var until = clock.Wall + (long)CodeLife.TotalMilliseconds;
        var enrolment = new Enrolment(Hash(code), worker, queues, caps, context.GetCaller().Name, until);
        await tokens.OfferAsync(enrolment, Note(context, "enrolment.offer", worker));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("code", code);
            json.WriteString("line", $"openclaw-runner enrol {Address(context)} {code}");
            json.WriteNumber("until", until / 1000);
            json.WriteEndObject();
        });
    }

    private async Task EnrolAsync(HttpContext context)
    {
        if (guesses.BlockedFor(context) is { } seconds) throw Guesses.Blocked(seconds);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var errors = new FieldErrors();
        var code = Encoding.UTF8.GetString(errors.Text("code", RequestBody.Parse(context, body, "code")[0], minBytes: 1, maxBytes: MostNameBytes));
        errors.Check();
        if (await tokens.FindEnrolmentAsync(code) is not { } enrolment) throw await WrongCodeAsync(context);
        CheckWorkerName(enrolment.Worker); // it may have been given to somebody else meanwhile
        var secret = NewSecret();
        var token = new Token
        {
            Name = enrolment.Worker,
            Hash = Hash(secret),
            Role = Role.Worker,
            WorkerPattern = enrolment.Worker,
            Queues = enrolment.Queues,
            Caps = enrolment.Caps,
            CreatedAt = clock.Wall,
            CreatedBy = enrolment.CreatedBy,
        };
        var noted = new AuditEntry(clock.Wall, token.Name, "enrolment.use", token.Name, $"from {context.Connection.RemoteIpAddress}");
        if (!await tokens.EnrolAsync(enrolment, token, noted)) throw await WrongCodeAsync(context);
        await Answer.SendAsync(context, json => Write(json, token, 0, secret));
    }

    private (Token Token, string Secret) Read(HttpContext context, byte[] body)
    {
        var fields = RequestBody.Parse(context, body,
            "name", "role", "person", "acts_for", "commands", "per_minute", "max_queued", "worker_pattern", "queues", "caps", "expires_at");
        var errors = new FieldErrors();
        var name = Name(errors, "name", fields[0]);
        var role = RoleNames.Parse(Encoding.UTF8.GetString(errors.Text("role", fields[1])));
        if (role == Role.None) errors.Add("role", $"must be one of {RoleNames.All}", "value_error");
        var secret = NewSecret();
        var token = new Token
        {
            Name = name,
            Hash = Hash(secret),
            Role = role,
            Person = Text("person", fields[2]),
            ActsFor = errors.Flag("acts_for", fields[3]),
            Commands = errors.Texts("commands", fields[4], MostNames, 256),
            PerMinute = (int?)errors.WholeNumber("per_minute", fields[5], 1, 100_000) ?? (role == Role.Agent ? AgentPerMinute : null),
            MaxQueued = (int?)errors.WholeNumber("max_queued", fields[6], 1, int.MaxValue),
            WorkerPattern = Text("worker_pattern", fields[7]),
            Queues = errors.Texts("queues", fields[8], MostNames, MostNameBytes),
            Caps = errors.Texts("caps", fields[9], MostNames, MostNameBytes),
            CreatedAt = clock.Wall,
            CreatedBy = context.GetCaller().Name,
            ExpiresAt = errors.WholeNumber("expires_at", fields[10], 0, LastMoment) * 1000,
        };
        if (token.ExpiresAt <= clock.Wall) errors.Add("expires_at", "must be a time to come, in seconds since 1970", "value_error");
        CheckRole(token, errors);
        errors.Check();
        return (token, secret);

        string? Text(string field, JsonField value)
        {
            if (value.Type == JsonTokenType.Null || errors.OptionalText(field, value, MostNameBytes) is not { } text) return null;
            var read = Encoding.UTF8.GetString(text);
            if (read.Length == 0 || !read.All(static c => c is > ' ' and <= '~')) errors.Add(field, "must be visible ASCII characters", "value_error");
            return read;
        }
    }

    /// <summary>A field that means nothing for its role is refused: whoever sent it believes in a limit that isn't there.</summary>
    private static void CheckRole(Token token, FieldErrors errors)
    {
        var isWorker = token.Role == Role.Worker;
        var creates = token.Role is Role.Bot or Role.Agent or Role.Admin;
        Only(creates, "commands", token.Commands is not null, "bot, agent or admin");
        Only(creates, "per_minute", token.PerMinute is not null, "bot, agent or admin");
        Only(creates, "max_queued", token.MaxQueued is not null, "bot, agent or admin");
        Only(token.Role == Role.Bot, "acts_for", token.ActsFor, "bot");
        Only(!isWorker, "person", token.Person is not null, "any but worker");
        Only(isWorker, "worker_pattern", token.WorkerPattern is not null, "worker");
        Only(isWorker, "queues", token.Queues is not null, "worker");
        Only(isWorker, "caps", token.Caps is not null, "worker");
        if (token is { Role: Role.Agent, Commands: null })
        {
            errors.Add("commands", "an agent's token names the commands it may ask for, such as [\"ping\"]", "missing");
        }

        void Only(bool fits, string field, bool isSet, string roles)
        {
            if (isSet && !fits) errors.Add(field, $"is for a token of the role {roles}", "value_error");
        }
    }

    private static string Name(FieldErrors errors, string field, JsonField value)
    {
        var name = Encoding.UTF8.GetString(errors.Text(field, value, maxBytes: 64));
        if (value.Type == JsonTokenType.String
            && (name.Length == 0 || name[0] == '_' || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')))
        {
            errors.Add(field, "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, and not begin with _", "value_error");
        }
        if (name is Token.BotName or Token.WorkerName or Token.AdminName or Token.DeliverName)
        {
            errors.Add(field, "is the name of a token of the broker's configuration", "value_error");
        }
        return name;
    }

    /// <summary>Where a machine reaches the broker: the address it listens on, or how the caller came where that is this machine's own.</summary>
    private string Address(HttpContext context) =>
        server.Features.Get<IServerAddressesFeature>()!.Addresses
            .FirstOrDefault(static a => new Uri(a) is { IsLoopback: false, Host: not ("0.0.0.0" or "[::]") }) ?? $"http://{context.Request.Host}";

    /// <summary>An enrolment replaces a machine's older token, and nobody else's.</summary>
    private void CheckWorkerName(string worker)
    {
        if (tokens.Named(worker) is { Token.Role: not Role.Worker })
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Exists,
                $"there is a token '{worker}' that is no worker's; choose another name for the machine");
        }
    }

    private async Task<ProblemException> WrongCodeAsync(HttpContext context)
    {
        const string Used = "the code is unknown, used, or older than 10 minutes; make a new one with clawctl enrol";
        await guesses.NoteAsync(context, expired: null);
        return new ProblemException(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized, Used);
    }

    private AuditEntry Note(HttpContext context, string action, string target, string? detail = null) =>
        new(clock.Wall, context.GetCaller().Name, action, target, detail);

    private static ProblemException NoToken() =>
        new(StatusCodes.Status404NotFound, ErrorCodes.NotFound, "there is no token of this name; GET /tokens lists them");

    private static string NewSecret() => "ocb_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static void Write(Utf8JsonWriter json, Token token, long usedAt, string? secret)
    {
        json.WriteStartObject();
        json.WriteString("name", token.Name);
        json.WriteString("role", token.Role == Role.None ? null : token.Role.Name());
        json.WriteString("person", token.Person);
        json.WriteBoolean("acts_for", token.ActsFor);
        List("commands", token.Commands);
        Number("per_minute", token.PerMinute);
        Number("max_queued", token.MaxQueued);
        json.WriteString("worker_pattern", token.WorkerPattern);
        List("queues", token.Queues);
        List("caps", token.Caps);
        Number("created_at", token.IsConfigured ? null : token.CreatedAt / 1000);
        json.WriteString("created_by", token.IsConfigured ? null : token.CreatedBy);
        Number("expires_at", token.ExpiresAt / 1000);
        Number("used_at", usedAt == 0 ? null : usedAt / 1000);
        json.WriteBoolean("configured", token.IsConfigured);
        if (secret is not null) json.WriteString("token", secret);
        json.WriteEndObject();

        void Number(string name, long? value)
        {
            if (value is { } number) json.WriteNumber(name, number);
            else json.WriteNull(name);
        }

        void List(string name, IReadOnlyList<string>? values)
        {
            if (values is null)
            {
                json.WriteNull(name);
                return;
            }
            json.WriteStartArray(name);
            foreach (var value in values) json.WriteStringValue(value);
            json.WriteEndArray();
        }
    }
}
