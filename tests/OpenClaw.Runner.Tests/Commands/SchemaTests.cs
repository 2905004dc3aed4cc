using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using OpenClaw.Runner.Commands;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>The part of JSON schema that payloads are checked by.</summary>
public sealed class SchemaTests
{
    [Theory]
    [InlineData("""{"type": "string"}""", "\"a\"", null)]
    [InlineData("""{"type": "string"}""", "1", "payload must be of type string")]
    [InlineData("""{"type": ["string", "null"]}""", "null", null)]
    [InlineData("""{"type": ["string", "null"]}""", "[]", "payload must be of type string or null")]
    [InlineData("""{"type": "integer"}""", "1.0", null)]
    [InlineData("""{"type": "integer"}""", "1e3", null)]
    [InlineData("""{"type": "integer"}""", "1.5", "payload must be of type integer")]
    [InlineData("""{"type": "integer"}""", "1e400", "payload must be of type integer")]
    [InlineData("""{"type": "number"}""", "1.5", null)]
    [InlineData("""{"type": "boolean"}""", "false", null)]
    [InlineData("""{"enum": ["a", 1, null]}""", "1.0", null)]
    [InlineData("""{"enum": ["a", 1, null]}""", "\"b\"", """payload must be one of "a", 1, null""")]
    [InlineData("""{"const": {"a": [1]}}""", """{"a": [1]}""", null)]
    [InlineData("""{"const": null}""", "0", "payload must be null")]
    [InlineData("""{"minLength": 2, "maxLength": 3}""", "\"🦀🦀\"", null)]
    [InlineData("""{"minLength": 2, "maxLength": 3}""", "\"🦀\"", "payload has 1 characters and must have at least 2")]
    [InlineData("""{"minLength": 2, "maxLength": 3}""", "\"aaaa\"", "payload has 4 characters and must have at most 3")]
    [InlineData("""{"minItems": 1, "maxItems": 2, "items": {"type": "integer"}}""", "[1, 2]", null)]
    [InlineData("""{"minItems": 1, "maxItems": 2, "items": {"type": "integer"}}""", "[]", "payload has 0 entries and must have at least 1")]
    [InlineData("""{"minItems": 1, "maxItems": 2, "items": {"type": "integer"}}""", "[1, 2, 3]", "payload has 3 entries and must have at most 2")]
    [InlineData("""{"minItems": 1, "maxItems": 2, "items": {"type": "integer"}}""", "[1, \"x\"]", "payload[1] must be of type integer")]
    [InlineData("""{"minimum": 1, "maximum": 5}""", "5", null)]
    [InlineData("""{"minimum": 1, "maximum": 5}""", "0.9999999999999999999999999", "payload must be at least 1")]
    [InlineData("""{"minimum": 1, "maximum": 5}""", "1e400", "payload must be at most 5")]
    [InlineData("""{"maximum": 9007199254740993}""", "9007199254740993", null)]
    [InlineData("""{"maximum": 9007199254740992}""", "9007199254740993", "payload must be at most 9007199254740992")]
    [InlineData("""{"exclusiveMinimum": 1, "exclusiveMaximum": 5}""", "1", "payload must be more than 1")]
    [InlineData("""{"exclusiveMinimum": 1, "exclusiveMaximum": 5}""", "5.0", "payload must be less than 5")]
    [InlineData("""{"exclusiveMinimum": 1, "exclusiveMaximum": 5}""", "\"a text is no number\"", null)]
    [InlineData("""{"required": ["a"], "properties": {"a": {"properties": {"b": {"type": "string"}}}}}""", "{}", "payload.a is missing")]
    [InlineData("""{"properties": {"a": {"properties": {"b": {"type": "string"}}}}}""", """{"a": {"b": 1}}""", "payload.a.b must be of type string")]
    [InlineData("""{"properties": {"a": {}}, "additionalProperties": false}""", """{"b": 1}""", "payload.b is not known; the fields are a")]
    [InlineData("""{"additionalProperties": false}""", """{"b": 1}""", "payload.b is not known; there are no fields")]
    [InlineData("""{"properties": {"a": {}}}""", """{"b": 1}""", null)]
    [InlineData("""{"pattern": "^[a-z]+$"}""", "\"abc\"", null)]
    [InlineData("""{"pattern": "^[a-z]+$"}""", "\"abc\\n\"", "payload must match the pattern ^[a-z]+$")]
    [InlineData("""{"title": "t", "description": "d", "default": 3, "type": "integer"}""", "1", null)]
    public void ValuesAreChecked(string schema, string value, string? problem) =>
        Assert.Equal(problem, Read(schema).Schema.Check(JsonDocument.Parse(value).RootElement, "payload"));

    [Theory]
    [InlineData("""{"oneOf": []}""", "schema.oneOf is not known here")]
    [InlineData("""{"properties": {"a": {"$ref": "#"}}}""", "schema.properties.a.$ref is not known here")]
    [InlineData("""{"items": {"format": "email"}}""", "schema.items.format is not known here")]
    [InlineData("""{"additionalProperties": {}}""", "schema.additionalProperties is an object. It takes true or false")]
    [InlineData("""{"type": "text"}""", "schema.type is \"text\". Set it to one of object")]
    [InlineData("""{"type": []}""", "schema.type names no type")]
    [InlineData("""{"pattern": "("}""", "schema.pattern is no pattern that this runner knows")]
    [InlineData("""{"pattern": "(?=a)"}""", "only (?: is known")]
    [InlineData("""{"pattern": "(a)\\1"}""", @"\1 is not known")]
    [InlineData("""{"pattern": "\\Z"}""", @"\Z is not known")]
    [InlineData("""{"pattern": "[]"}""", "a class in brackets is empty")]
    [InlineData("""{"minLength": -1}""", "schema.minLength is -1")]
    [InlineData("""{"minimum": "1"}""", "schema.minimum is no number")]
    [InlineData("""{"type": "string", "default": 1}""", "schema.default does not fit its own schema")]
    [InlineData("""{"type": "string", "default": null}""", "schema.default does not fit its own schema")]
    [InlineData("[]", "schema is a list. It takes an object")]
    [InlineData("true", "schema is true. It takes an object")]
    public void ASchemaThatPromisesMoreIsRefused(string schema, string problem) =>
        Assert.Contains(problem, Assert.Single(Read(schema).Problems), StringComparison.Ordinal);

    [Theory]
    [InlineData(@"^\d+$", "12", true)]
    [InlineData(@"^\d+$", "١٢", false)]
    [InlineData(@"^\w$", "ä", false)]
    [InlineData(@"^[\w-]+$", "a-b", true)]
    [InlineData(@"^\D$", "١", true)]
    [InlineData("^.$", "\r", false)]
    [InlineData(@"^\.$", ".", true)]
    [InlineData(@"\$", "a$", true)]
    [InlineData("^[$.]+$", "$.", true)]
    [InlineData("^[a-z-[aeiou]]+$", "b]", true)]
    [InlineData("^(?:ab|c){2}$", "abc", true)]
    [InlineData("b", "abc", true)]
    public void PatternsMeanWhatJsonSchemaSays(string pattern, string text, bool isIn) => Assert.Equal(isIn, SchemaPattern.Read(pattern).Pattern!.IsIn(text));

    /// <summary>What takes other engines longer than anybody waits.</summary>
    [Fact]
    public void NoTextIsSlow()
    {
        var pattern = SchemaPattern.Read("^(a+)+$").Pattern!;
        Assert.False(pattern.IsIn(new string('a', 200_000) + "!"));
    }

    /// <summary>Where .NET means the same, the answer is the same.</summary>
    [Fact]
    public void PatternsWithoutWhatDiffersMeanWhatTheyDo()
    {
        var atom = OneOf("a", "b", "[ab]", "[^a]", "(?:ab)", @"\.", @"\-", @"\s", "^");
        var pattern = Gen.Select(atom, OneOf("", "*", "+", "?", "{1,2}", "|")).Select(static (a, q) => a == "^" ? a : a + q).Array[1, 5].Select(string.Concat);
        Gen.Select(pattern, Gen.Char["ab.- \n"].Array[0, 6].Select(static c => new string(c)))
            .Sample((p, text) => SchemaPattern.Read(p).Pattern!.IsIn(text) == Regex.IsMatch(text, p, RegexOptions.CultureInvariant));
    }

    /// <summary>A value that a schema was made for fits it, and what is changed in it is found by its name.</summary>
    [Fact]
    public void WhatFitsIsTakenAndWhatDoesNotIsNamed() => Gen.Select(Gen.Int[1, 20], Gen.Int[0, 19], Gen.Int[-1000, 1000]).Sample((count, n, value) =>
    {
        n %= count;
        var names = Enumerable.Range(0, count).Select(static i => $"f{i}").ToList();
        var required = string.Join(',', names.Select(static f => $"\"{f}\""));
        var properties = string.Join(',', names.Select(f => $"\"{f}\": {{\"type\": \"integer\", \"minimum\": {value}, \"maximum\": {value}}}"));
        var schema = Read($$"""{"type": "object", "additionalProperties": false, "required": [{{required}}], "properties": { {{properties}} } }""").Schema;
        string Fields(Func<int, string?> of) => "{" + string.Join(',', Enumerable.Range(0, count).Select(of).OfType<string>()) + "}";
        string? Check(string json) => schema.Check(JsonDocument.Parse(json).RootElement, "p");
        Assert.Null(Check(Fields(i => $"\"f{i}\": {value}")));
        Assert.Equal($"p.f{n} is missing", Check(Fields(i => i == n ? null : $"\"f{i}\": {value}")));
        Assert.Equal($"p.f{n} must be at most {value}", Check(Fields(i => $"\"f{i}\": {(i == n ? value + 1 : value)}")));
    }, iter: 200);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(n => texts[n]);

    private static (CommandSchema Schema, IReadOnlyList<string> Problems) Read(string schema)
    {
        var problems = new FileProblems("runner.json");
        return (SchemaReader.Read(new FileNode(JsonDocument.Parse(schema).RootElement, "schema", problems)), problems.All);
    }
}
