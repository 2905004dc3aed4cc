using System.Net.Http.Headers;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>Who understands what is sent.</summary>
internal enum HookKind
{
    /// <summary>Any program, by the rules of Standard Webhooks.</summary>
    Standard,

    Ntfy,
    Gotify,
}

/// <summary>What a webhook's address means: <c>ntfy+https://token@host/topic</c>.</summary>
/// <param name="Url">http or https, without a name and a password.</param>
/// <param name="Token">What stands before the <c>@</c> where it is no name and password.</param>
internal sealed record HookTarget(HookKind Kind, Uri Url, string? Token, AuthenticationHeaderValue? Authorization)
{
    /// <summary>The topic of <see cref="HookKind.Ntfy"/>.</summary>
    public string Topic { get; private init; } = "";

    /// <exception cref="HookRefusedException">It means nothing.</exception>
    public static HookTarget Parse(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url)) throw new HookRefusedException("the webhook's address can't be read");
        var (kind, scheme) = url.Scheme.Split('+') switch
        {
            ["ntfy", var over] => (HookKind.Ntfy, over),
            ["gotify", var over] => (HookKind.Gotify, over),
            [var over] => (HookKind.Standard, over),
            _ => throw new HookRefusedException($"{url.Scheme} is no kind of webhook"),
        };
        var user = Uri.UnescapeDataString(url.UserInfo);
        var plain = new UriBuilder(scheme, url.IdnHost, url.IsDefaultPort ? -1 : url.Port, url.AbsolutePath, url.Query).Uri;
        if (!HeaderText.CanCarry(user)) throw new HookRefusedException("the text before the @ has a character that no header can carry: make the job without");
        var isPair = user.Contains(':', StringComparison.Ordinal);
        var target = new HookTarget(kind, plain, isPair || user.Length == 0 ? null : user, user.Length == 0 ? null
            : isPair ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)))
            : new AuthenticationHeaderValue("Bearer", user));
        return kind switch
        {
            HookKind.Ntfy => OfNtfy(target),
            HookKind.Gotify when target.Token is null =>
                throw new HookRefusedException("a Gotify address needs the application's token: gotify+https://TOKEN@push.example.org"),
            HookKind.Gotify => target with { Url = new Uri(plain, $"{plain.AbsolutePath.TrimEnd('/')}/message"), Authorization = null },
            _ => target,
        };
    }

    /// <summary>ntfy takes JSON at its root, with the topic in it.</summary>
    private static HookTarget OfNtfy(HookTarget target)
    {
        var path = target.Url.AbsolutePath.TrimEnd('/');
        var end = path.LastIndexOf('/');
        if (path.Length - end - 1 is 0 or -1) throw new HookRefusedException("an ntfy address needs a topic: ntfy+https://ntfy.sh/topic");
        return target with { Url = new Uri(target.Url, path[..(end + 1)]), Topic = Uri.UnescapeDataString(path[(end + 1)..]) };
    }
}

/// <summary>A webhook is not sent, and won't be: trying again can't mend it.</summary>
internal sealed class HookRefusedException(string why) : Exception(why);
