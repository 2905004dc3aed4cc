using System.Globalization;

namespace OpenClaw.Programs.Tests;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData(0x00)]
    [InlineData(0x07)]
    [InlineData(0x1b)]
    [InlineData(0x7f)]
    [InlineData(0x85)]
    [InlineData(0x9b)]
    [InlineData(0xad)]
    [InlineData(0x34f)]
    [InlineData(0x61c)]
    [InlineData(0x115f)]
    [InlineData(0x180e)]
    [InlineData(0x200b)]
    [InlineData(0x200c)]
    [InlineData(0x200d)]
    [InlineData(0x200e)]
    [InlineData(0x200f)]
    [InlineData(0x2028)]
    [InlineData(0x2029)]
    [InlineData(0x202a)]
    [InlineData(0x202e)]
    [InlineData(0x2060)]
    [InlineData(0x2066)]
    [InlineData(0x2067)]
    [InlineData(0x2068)]
    [InlineData(0x2069)]
    [InlineData(0x3164)]
    [InlineData(0xfeff)]
    [InlineData(0xfff9)]
    public void WhatCannotBeSeenIsEscaped(int code) =>
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"a\\u{code:x4}b"), VisibleText.Of($"a{(char)code}b"));

    [Fact]
    public void SoAreTagsBeyondTheFirstPlaneAndHalvesOfCharacters()
    {
        Assert.Equal("\\udb40\\udc41", VisibleText.Of(char.ConvertFromUtf32(0xe0041)));
        Assert.Equal("a\\ud83eb", VisibleText.Of("a\ud83eb"));
        Assert.Equal("\\udd80", VisibleText.Of("\udd80"));
    }

    [Fact]
    public void WhatCanBeSeenStays()
    {
        const string Text = "ä ß 漢字 שלום العربية 🦀 e\u0301 \u00a0 \\n";
        Assert.Equal(Text, VisibleText.Of(Text));
    }

    [Fact]
    public void LinesStayWhereTheyAreWanted()
    {
        Assert.Equal("a\n\tb\nc\\u000dd", VisibleText.Of("a\n\tb\r\nc\rd", lines: true));
        Assert.Equal("a\\u000a\\u0009b", VisibleText.Of("a\n\tb"));
    }
}
