using System.Reflection;
using System.Security.Cryptography;
using OpenClaw.Broker.Access;

namespace OpenClaw.Broker.Tests;

/// <summary>How tokens are compared, held over the compiled broker: as hashes, in a time that tells nothing.</summary>
public sealed class SecretComparisonTests
{
    private static readonly string[] Comparisons =
        ["op_Equality", "op_Inequality", "Equals", "SequenceEqual", "Compare", "CompareOrdinal", "CompareTo", "SequenceCompareTo"];

    private static readonly MethodInfo Hash = typeof(Token).GetProperty(nameof(Token.Hash))!.GetMethod!;

    private static readonly (MethodBase Method, List<MemberInfo> Names)[] Code =
        [.. typeof(Token).Assembly.GetTypes().SelectMany(MethodCode.Of).Select(static m => (m, MethodCode.Members(m).ToList()))];

    [Fact]
    public void WhatReadsATokensHashComparesInConstantTimeAlone()
    {
        var readers = Code.Where(static c => c.Names.Contains(Hash) && !IsOfTheRecordItself(c.Method)).ToList();
        Assert.Contains(readers, static r => r.Names.Any(static n => n.Name == nameof(CryptographicOperations.FixedTimeEquals)));
        Assert.Empty(readers.SelectMany(static r => r.Names.Where(IsComparison).Select(n => $"{r.Method.DeclaringType} {r.Method.Name} calls {n.Name}")));
    }

    /// <summary>What finds out whose a token is has its text in hand.</summary>
    [Fact]
    public void TextsOfTokensAreComparedWithNothing()
    {
        var gate = Code.Where(static c => Outermost(c.Method.DeclaringType!) == typeof(TokenGate)).ToList();
        Assert.NotEmpty(gate);
        Assert.Empty(gate.SelectMany(static g => g.Names.Where(IsComparison).Select(n => $"{g.Method.Name} calls {n.DeclaringType}.{n.Name}")));
        Assert.DoesNotContain(typeof(Token).GetProperties(), static p => p.Name.Contains("Text", StringComparison.Ordinal)
            || p.Name.Contains("Secret", StringComparison.Ordinal));
    }

    private static bool IsComparison(MemberInfo member) => member is MethodBase && Comparisons.Contains(member.Name)
        && (member.DeclaringType == typeof(string) || member.DeclaringType == typeof(MemoryExtensions) || member.DeclaringType == typeof(Enumerable)
            || member.DeclaringType == typeof(object));

    private static bool IsOfTheRecordItself(MethodBase method) => method.DeclaringType == typeof(Token);

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
