using System.Text.RegularExpressions;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Pages that name the test behind a promise name one that is there.</summary>
public sealed partial class NamedTestsTests
{
    [Theory]
    [InlineData("docs/reliability.md", 30)]
    [InlineData("SECURITY.md", 15)]
    public async Task EachNamedTestIsThere(string page, int least)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, page));
        var named = Name().Matches(text).Select(static m => (Class: m.Groups[1].Value, Test: m.Groups[2].Value)).Distinct().ToList();
        Assert.InRange(named.Count, least, int.MaxValue);
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(static f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);
        Assert.DoesNotContain(named, n => !sources[n.Class].Any(s => s.Contains($" {n.Test}(", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Name();
}
