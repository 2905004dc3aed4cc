using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>Which folder may know which.</summary>
public sealed class HouseTests
{
    [Fact]
    public void TheChatKnowsNothingOfDiscord()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "src", "OpenClaw.Bot", "Chat"), "*.cs", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("Discord", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("**", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<t:", text, StringComparison.Ordinal);
        }
    }
}
