using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Tests;

/// <summary>How foreign text is made harmless, and how much of it is shown.</summary>
public sealed class TextTests
{
    private static readonly DiscordText Text = new();
    private static readonly JobMessages Messages = new(Text);

    [Theory]
    [InlineData("```")]
    [InlineData("``````````")]
    [InlineData("x```\n``` y ` ``")]
    [InlineData("ends with `")]
    [InlineData("\0\u202e\u200b")]
    public void NothingClosesABlock(string text)
    {
        var block = Text.Block(text);
        Assert.Equal(["", ""], [block.Split("```")[0], block.Split("```")[^1]]);
        Assert.Equal(3, block.Split("```").Length);
        Assert.DoesNotContain('\0', block);
    }

    [Fact]
    public void WhatCantBeSeenIsShown()
    {
        Assert.Equal("```\na\\u202eb\\u200bc\n\td\\u001b[31m\n```", Text.Block("a\u202eb\u200bc\r\n\td\u001b[31m"));
        Assert.Equal("`ab\\u2066cd`", Text.Code("ab\u2066cd"));
        Assert.Equal("`ab\\u3164cd`", Text.Inline("ab\u3164cd"));
    }

    [Theory]
    [InlineData("aaaa\nbb\ncc", 8, "aaaa\nbb", "first 2 of 3 lines")]
    [InlineData("aaaaaaaaaaaa\nb", 4, "aaaa", "first 4 of 14 characters")]
    [InlineData("aaaaaaaaaaaa", 4, "aaaa", "first 4 of 12 characters")]
    public void AnExcerptSaysWhatItIs(string text, int most, string shown, string howMuch) => Assert.Equal(new Excerpt(shown, howMuch), Excerpt.Of(text, most));

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
    public void WordsStayWordsAndMarkupBecomesCode(string text, string shown) => Assert.Equal(shown, Text.Inline(text));

    [Theory]
    [InlineData("ping", "ping", "")]
    [InlineData("  PING\t hello  world ", "ping", "hello  world")]
    [InlineData("/status\nabc", "status", "abc")]
    public void ALineIsACommandAndTheRest(string text, string name, string argument) => Assert.Equal(new ParsedText(name, argument), ParsedText.Parse(text));

    [Fact]
    public void NoMessageIsTooLongWhateverTheResult()
    {
        string Repeated(string part) => string.Concat(Enumerable.Repeat(part, 3000));
        var texts = new[] { Repeated("`"), new string('x', 500_000), Repeated("😀"), Repeated("a\n"), Repeated("\n"), Repeated("\u202e") };
        foreach (var text in texts)
        {
            var job = new NamedJob("0f8fad5b-d9cb-469f-a165-70867728950e", "8950e", "ping");
            var body = Messages.Final(job, new JobView { Id = "x", Status = "done", Result = text, Command = "ping" });
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
        Assert.Contains("**done**", Messages.Final(new NamedJob("0f8fad5b", "8fad5b", "plan"), view).Text, StringComparison.Ordinal);
    }
}
