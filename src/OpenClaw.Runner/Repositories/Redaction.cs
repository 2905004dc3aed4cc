using System.Text.RegularExpressions;

namespace OpenClaw.Runner.Repositories;

/// <summary>Takes what looks like a token, a key or a password in an address out of a text; its lines stay where they are.</summary>
internal static partial class Redaction
{
    private const string Mark = "***";

    public static string Of(string text) => Secrets().Replace(text, static found => Mark + new string('\n', found.ValueSpan.Count('\n')));

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)"
        + @"|\bsk-[A-Za-z0-9_-]{20,}|\bxox[abeprs]-[A-Za-z0-9-]+|\bgh[opsur]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_-]{20,}"
        + @"|\bAIza[A-Za-z0-9_-]{35}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bnpm_[A-Za-z0-9]{36}|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"
        + @"|(?<=://[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)")]
    private static partial Regex Secrets();
}
