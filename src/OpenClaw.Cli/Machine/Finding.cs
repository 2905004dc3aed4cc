using System.Globalization;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Machine;

/// <summary>A line of <c>doctor</c>.</summary>
internal static class Finding
{
    /// <param name="level">OK, WARN or FAIL.</param>
    public static void Say(string level, string about, string text) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{level,-4}  {about,-13}  {VisibleText.Of(text)}"));
}
