using System.Text;
using Microsoft.AspNetCore.Http;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Tests;

/// <summary>What <c>requires</c> means, as in the Python broker.</summary>
public class RequiresTests
{
    [Theory]
    [InlineData("""{"caps":["gpu"]}""", """{"caps":["gpu"]}""", "gpu")]
    [InlineData("""{ "caps": ["b", "a", "b"], "more": 1 }""", """{ "caps": ["b", "a", "b"], "more": 1 }""", "a", "b")]
    [InlineData("\"{\\\"caps\\\":[\\\"gpu\\\"]}\"", """{"caps":["gpu"]}""", "gpu")]
    [InlineData("\" {\\\"caps\\\":[\\\" gpu \\\"]} \"", """ {"caps":[" gpu "]} """, "gpu")]
    [InlineData("""{"caps":[5, 1.50, "x"]}""", """{"caps":[5, 1.50, "x"]}""", "1.50", "5", "x")]
    [InlineData("""{"caps":[null, true, {}, ["a"], " ", "\t", "x"]}""", """{"caps":[null, true, {}, ["a"], " ", "\t", "x"]}""", "x")]
    [InlineData("""{"caps":["a"],"caps":["b"]}""", """{"caps":["a"],"caps":["b"]}""", "b")]
    public void ListOfNamesIsALane(string json, string sent, params string[] names) => Assert.Equal((sent, Caps.Of(names).Text), Read(json));

    [Theory]
    [InlineData("[]", "[]")]
    [InlineData("""["a"]""", """["a"]""")]
    [InlineData("5", "5")]
    [InlineData("true", "true")]
    [InlineData("{}", "{}")]
    [InlineData("""{"caps":"abc"}""", """{"caps":"abc"}""")]
    [InlineData("""{"caps":{"a":1}}""", """{"caps":{"a":1}}""")]
    [InlineData("""{"caps":null}""", """{"caps":null}""")]
    [InlineData("""{"Caps":["gpu"]}""", """{"Caps":["gpu"]}""")]
    [InlineData("""{"caps":["\ud800"]}""", """{"caps":["\ud800"]}""")]
    [InlineData("\"\"", "")]
    [InlineData("\"gpu\"", "gpu")]
    [InlineData("\"{\"", "{")]
    [InlineData("\"null\"", "null")]
    [InlineData("\"\\\"embed\\\"\"", "\"embed\"")]
    public void WhatCannotBeUnderstoodIsKeptAndRequiresNothing(string json, string sent) => Assert.Equal((sent, ""), Read(json));

    [Fact]
    public void NullAndMissingAreNone()
    {
        Assert.Equal((null, ""), Read("null"));
        Assert.Equal((null, Caps.Any), Requires.Read(default, new FieldErrors()));
    }

    [Theory]
    [InlineData("\"{0}\"")]
    [InlineData("[\"{0}\"]")]
    public void MoreThan2048BytesAreAnError(string form)
    {
        var errors = new FieldErrors();
        Read(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, new string('ü', 1025)), errors);
        Assert.Contains("2048", Assert.Throws<ProblemException>(errors.Check).Message, StringComparison.Ordinal);
    }

    private static (string?, string) Read(string json, FieldErrors? errors = null)
    {
        var field = RequestBody.Parse(new DefaultHttpContext(), Encoding.UTF8.GetBytes($$"""{"requires":{{json}}}"""), "requires")[0];
        var (text, lane) = Requires.Read(field, errors ?? new FieldErrors());
        return (text, lane.Text);
    }
}
