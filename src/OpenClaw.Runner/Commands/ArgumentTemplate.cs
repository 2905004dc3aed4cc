using System.Text;
using System.Text.Json;

namespace OpenClaw.Runner.Commands;

/// <summary>
/// An argument with places for fields of the payload: <c>--name={name}</c>; <c>{{</c> and <c>}}</c> are braces themselves. What is put in
/// stays within this one argument, whatever it holds: no shell ever reads it.
/// </summary>
internal sealed class ArgumentTemplate
{
    private readonly List<(string Text, bool IsField)> parts = [];

    private ArgumentTemplate(string text) => Text = text;

    /// <summary>As it stands in the file.</summary>
    public string Text { get; }

    public IEnumerable<string> Fields => parts.Where(static p => p.IsField).Select(static p => p.Text);

    public bool BeginsWithField => parts is [{ IsField: true }, ..];

    /// <summary>The template, or why the text is none.</summary>
    public static (ArgumentTemplate? Template, string? Problem) Read(string text)
    {
        var template = new ArgumentTemplate(text);
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i]) literal.Append(text[i++]);
            else if (text[i] == '{')
            {
                var end = text.IndexOfAny(['{', '}'], i + 1);
                if (end < 0 || text[end] == '{' || end == i + 1)
                {
                    return (null, "has a { that begins no field such as {name}. Write {{ where a brace itself is meant.");
                }
                if (literal.Length > 0) template.parts.Add((literal.ToString(), false));
                literal.Clear();
                template.parts.Add((text[(i + 1)..end], true));
                i = end;
            }
            else if (text[i] == '}') return (null, "has a } that ends no field. Write }} where a brace itself is meant.");
            else literal.Append(text[i]);
        }
        if (literal.Length > 0 || template.parts.Count == 0) template.parts.Add((literal.ToString(), false));
        return (template, null);
    }

    /// <param name="value">The text of a field.</param>
    public string Fill(Func<string, string> value) => string.Concat(parts.Select(p => p.IsField ? value(p.Text) : p.Text));

    /// <summary>How a field's value stands in an argument; null of one that can't.</summary>
    public static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
