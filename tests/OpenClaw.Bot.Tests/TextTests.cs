using OpenClaw.Bot.Chat;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Tests;

/// <summary>How foreign text is made harmless, and how much of it is shown.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("```")]
    [InlineData("``````````")]
    [InlineData("x```\n``` y ` ``")]
    [InlineData("ends with `")]
    [InlineData("\0\u202e\u200b")]
    public void NothingClosesABlock(string text)
    {
        var block = Markdown.Block(text);
        Assert.Equal(["", ""], [block.Split("```")[0], block.Split("```")[^1]]);
        Assert.Equal(3, block.Split("```").Length);
        Assert.DoesNotContain('\0', block);
    }

    [Theory]
    [InlineData("plan_echo", "plan_echo")]
    [InlineData("Plan for: three things", "Plan for: three things")]
    [InlineData("**bold**", "`**bold**`")]
    [InlineData("https://evil.example", "`https://evil.example`")]
    [InlineData("discord.gg/x", "`discord.gg/x`")]
    [InlineData("a `b` c", "`a 'b' c`")]
    [InlineData("@everyone", "`@everyone`")]
    [InlineData("# head", "`# head`")]
    [InlineData("_it_", "`_it_`")]
    [InlineData("||s||", "`||s||`")]
    [InlineData("two\nlines", "two lines")]
    public void WordsStayWordsAndMarkupBecomesCode(string text, string shown) => Assert.Equal(shown, Markdown.Inline(text));

    [Theory]
    [InlineData("ping", "ping", "")]
    [InlineData("  PING\t hello  world ", "ping", "hello  world")]
    [InlineData("/status\nabc", "status", "abc")]
    public void ALineIsACommandAndTheRest(string text, string name, string argument) => Assert.Equal(new ParsedText(name, argument), ParsedText.Parse(text));

    [Fact]
    public void NoMessageIsTooLongWhateverTheResult()
    {
        var texts = new[] { new string('`', 3000), new string('x', 500_000), string.Concat(Enumerable.Repeat("😀", 3000)), string.Concat(Enumerable.Repeat("a\n", 3000)), new string('\n', 5000) };
        foreach (var text in texts)
        {
            var body = Rendering.Final("0f8fad5b-d9cb-469f-a165-70867728950e", "ping", new JobView { Id = "x", Status = "done", Result = text, Command = "ping" });
            Assert.InRange(body.Text!.Length, 10, 2000);
            Assert.Equal(text, body.File!.Content);
            Assert.False(body.Text.Any(char.IsHighSurrogate) && !body.Text.IsNormalized());
        }
    }

    [Theory]
    [InlineData("plan_echo", "not json")]
    [InlineData("plan_echo", "[]")]
    [InlineData("capabilities", """{"worker_id":{"a":1},"capabilities":"x"}""")]
    [InlineData("approve_echo", """{"status":null,"note":7}""")]
    [InlineData("plan_echo", """{"plan_id":"\ud800"}""")]
    public void OddResultsAreShownSomehow(string command, string result)
    {
        var view = new JobView { Id = "x", Status = "done", Result = result, Command = command };
        Assert.Contains("**done**", Rendering.Final("0f8fad5b", "plan", view).Text, StringComparison.Ordinal);
    }
}
