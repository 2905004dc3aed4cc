using System.Text;
using CsCheck;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>What becomes of what a command writes, however it comes in pieces.</summary>
public sealed class OutputTextTests
{
    /// <summary>Where the pieces end makes no difference.</summary>
    [Fact]
    public void PiecesMakeNoDifference()
    {
        string[] texts = ["a", "\n", ":", "::progress 40 x\n", "::progress ", "ä🦀", "::progress 101 x\n", "\r\n", "::p", "\0"];
        var piece = Gen.Int[0, texts.Length - 1].Select(n => texts[n]);
        Gen.Select(piece.Array[0, 12].Select(string.Concat), Gen.Int[1, 30], Gen.Int[1, 40]).Sample((text, size, limit) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var (whole, wholeReports) = Read([bytes], limit);
            var (cut, cutReports) = Read(bytes.Chunk(size), limit);
            Assert.Equal((whole, wholeReports), (cut, cutReports));
        });
    }

    [Theory]
    [InlineData("a\n::progress 40 copying\nb\n", "a\nb\n", "40 copying")]
    [InlineData("::progress 7\n", "", "7 ")]
    [InlineData("::progress 100% done\r\n", "", "100 done")]
    [InlineData("::progress 5 no line end", "", "5 no line end")]
    [InlineData("::progress 101 x\n", "::progress 101 x\n", "")]
    [InlineData("::progress -1 x\n", "::progress -1 x\n", "")]
    [InlineData("::progress x\n", "::progress x\n", "")]
    [InlineData(" ::progress 1 x\n", " ::progress 1 x\n", "")]
    [InlineData("a::progress 1 x\n", "a::progress 1 x\n", "")]
    [InlineData("::progres", "::progres", "")]
    public void ProgressLinesAreTakenOut(string text, string result, string reports) =>
        Assert.Equal((result, reports), Read([Encoding.UTF8.GetBytes(text)], 1000));

    [Fact]
    public void ALineThatIsTooLongIsNoProgress()
    {
        var line = "::progress 1 " + new string('x', 2000) + "\n";
        Assert.Equal((line, ""), Read([Encoding.UTF8.GetBytes(line)], 10_000));
    }

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 4, "abcd\n[2 more bytes of output were left out: the limit is 4]\n")]
    [InlineData("abc\ndef", 4, "abc\n[3 more bytes of output were left out: the limit is 4]\n")]
    [InlineData("aää", 4, "aä\n[2 more bytes of output were left out: the limit is 4]\n")]
    [InlineData("a🦀b", 4, "a\n[5 more bytes of output were left out: the limit is 4]\n")]
    public void WhatIsTooLongIsLeftOutAndCounted(string text, int limit, string result) =>
        Assert.Equal(result, Read([Encoding.UTF8.GetBytes(text)], limit).Text);

    [Fact]
    public void WhatIsNoTextIsReplaced()
    {
        Assert.Equal("a\uFFFDb\0c", Read([[(byte)'a', 0xff, (byte)'b', 0, (byte)'c']], 100).Text);
        Assert.Equal("a\uFFFD", Read([[(byte)'a', 0xf0, 0x9f]], 100).Text);
    }

    [Fact]
    public void OfErrorsTheEndIsKept()
    {
        var output = new OutputText(Job(new Watcher()), 100);
        for (var n = 0; n < 100_000; n++) output.Add(OutputStream.Error, Encoding.UTF8.GetBytes($"line {n}\n"));
        output.End();
        var lines = output.LastErrors.Split('\n');
        Assert.Equal((20, "line 99980", "line 99999"), (lines.Length, lines[0], lines[^1]));
        output.Add(OutputStream.Error, Encoding.UTF8.GetBytes(new string('x', 100_000)));
        Assert.InRange(output.LastErrors.Length, 1000, 4000);
    }

    private static (string Text, string Reports) Read(IEnumerable<byte[]> pieces, int limit)
    {
        var watcher = new Watcher();
        var output = new OutputText(Job(watcher), limit);
        foreach (var piece in pieces) output.Add(OutputStream.Output, piece);
        output.End();
        return (output.Result, string.Join('|', watcher.Reports.Select(static r => $"{r.Item1} {r.Item2}")));
    }

    private static JobContext Job(Watcher watcher) =>
        new() { Id = Trial.JobId, Attempt = 1, Command = "own", Payload = "", Stop = CancellationToken.None, Output = watcher };
}
