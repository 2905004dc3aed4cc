using System.Globalization;

namespace OpenClaw.Bot.Discord;

/// <summary>Discord's ids: the milliseconds since the beginning of 2015, then 22 bits of other things. They grow with time.</summary>
internal static class Snowflake
{
    private const long Beginning = 1_420_070_400_000;

    /// <summary>The lowest id of a moment.</summary>
    public static ulong At(DateTimeOffset moment) => (ulong)Math.Max(0, moment.ToUnixTimeMilliseconds() - Beginning) << 22;

    /// <summary>0 where it is none.</summary>
    public static ulong Parse(string id) => ulong.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
