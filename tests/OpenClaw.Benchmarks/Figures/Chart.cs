using System.Globalization;
using System.Net;
using System.Text;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>A name and a value at each place of a chart.</summary>
internal sealed record ChartLine(string Name, IReadOnlyList<double> Values);

/// <summary>A picture of some figures, as SVG that reads on a light and on a dark page: lines over places, or bars where there is one line.</summary>
/// <param name="Unit">What the values are.</param>
internal sealed record Chart(string Title, string Unit, IReadOnlyList<string> Places, IReadOnlyList<ChartLine> Lines)
{
    private const int Width = 720, Left = 190, Right = 90, Top = 64, Row = 34;
    private static readonly string[] Colours = ["#2f6fde", "#d9822b", "#3a9d5d"];

    public string ToSvg() => Lines.Count == 1 ? Bars(Lines[0].Values) : Curves();

    private string Bars(IReadOnlyList<double> values)
    {
        var svg = new StringBuilder();
        var most = values.Max();
        for (var n = 0; n < values.Count; n++)
        {
            var (y, length) = (Top + n * Row, Math.Max(1, values[n] / most * (Width - Left - Right)));
            Text(svg, Left - 10, y + 18, "end", Places[n]);
            Add(svg, $"""<rect x="{Left}" y="{y + 4}" width="{length:f0}" height="20" rx="3" fill="{Colours[n == 0 ? 0 : 1]}"/>""");
            Text(svg, Left + length + 8, y + 18, "start", Short(values[n]));
        }
        return Frame(svg, Top + values.Count * Row + 12);
    }

    private string Curves()
    {
        const int Bottom = 300, From = 70;
        var svg = new StringBuilder();
        var most = Lines.Max(l => l.Values.Max()) * 1.25;
        double X(int place) => From + 40 + (Width - From - 120) * (double)place / Math.Max(1, Places.Count - 1);
        double Y(double value) => Bottom - (Bottom - Top - 20) * value / most;
        for (var n = 0; n <= 4; n++)
        {
            var value = most * n / 4;
            Add(svg, $"""<line x1="{From}" y1="{Y(value):f1}" x2="{Width - 40}" y2="{Y(value):f1}" stroke="#8885" stroke-width="1"/>""");
            Text(svg, From - 8, Y(value) + 4, "end", Short(value));
        }
        for (var place = 0; place < Places.Count; place++) Text(svg, X(place), Bottom + 22, "middle", Places[place]);
        for (var n = 0; n < Lines.Count; n++)
        {
            var (line, colour) = (Lines[n], Colours[n % Colours.Length]);
            var points = string.Join(' ', line.Values.Select((v, place) => Figure.Text($"{X(place):f1},{Y(v):f1}")));
            Add(svg, $"""<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>""");
            for (var place = 0; place < line.Values.Count; place++)
            {
                Add(svg, $"""<circle cx="{X(place):f1}" cy="{Y(line.Values[place]):f1}" r="4" fill="{colour}"/>""");
                Text(svg, X(place), Y(line.Values[place]) + (n % 2 == 0 ? -10 : 20), "middle", Short(line.Values[place]), colour);
            }
            Add(svg, $"""<rect x="{From}" y="{Bottom + 40 + n * 20}" width="14" height="4" fill="{colour}"/>""");
            Text(svg, From + 22, Bottom + 46 + n * 20, "start", line.Name);
        }
        return Frame(svg, Bottom + 56 + Lines.Count * 20);
    }

    private string Frame(StringBuilder inner, int height)
    {
        var svg = new StringBuilder();
        Add(svg, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" role="img" font-family="system-ui, sans-serif" font-size="13">
            """);
        svg.Append(CultureInfo.InvariantCulture, $"<title>{WebUtility.HtmlEncode(Title)}</title>\n<style>text{{fill:#333}}");
        svg.Append("@media (prefers-color-scheme:dark){text{fill:#ddd}}</style>\n");
        Text(svg, 20, 26, "start", Title, weight: 600);
        Text(svg, 20, 46, "start", Unit);
        return svg.Append(inner).Append("</svg>\n").ToString();
    }

    private static string Short(double value) =>
        value >= 100 ? value.ToString("n0", CultureInfo.InvariantCulture) : value.ToString(value >= 10 ? "f1" : "f2", CultureInfo.InvariantCulture);

    private static void Add(StringBuilder svg, FormattableString element) => svg.Append(Figure.Text(element)).Append('\n');

    private static void Text(StringBuilder svg, double x, double y, string anchor, string text, string? colour = null, int weight = 400)
    {
        var style = colour is null ? "" : $" style=\"fill:{colour}\"";
        Add(svg, $"""<text x="{x:f1}" y="{y:f1}" text-anchor="{anchor}" font-weight="{weight}"{style}>{WebUtility.HtmlEncode(text)}</text>""");
    }
}
