using System.Globalization;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>One measured figure against its goal.</summary>
/// <param name="Reached">Null where there is no goal.</param>
internal sealed record Figure(string What, string Measured, string Goal, bool? Reached)
{
    public override string ToString() => $"| {What} | {Measured} | {Goal} | {Reached switch { true => "yes", false => "no", null => "" }} |";

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
