using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

public sealed class NetworkFactAttribute() : MachineFactAttribute(Missing.Value)
{
    private static readonly Lazy<string?> Missing = new(NetworkNamespace.Missing);
}

public sealed class FaketimeFactAttribute() : MachineFactAttribute(Faketime.Find() is null ? Faketime.Missing : null);

public sealed class ChromiumFactAttribute() : MachineFactAttribute(Chromium.Find() is null ? Chromium.Missing : null);

/// <summary>The browser.</summary>
public static class Chromium
{
    public const string Missing = "chromium is not in PATH; install it: apt-get install chromium";

    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(static folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
}

/// <summary>The library that sets a program's wall clock.</summary>
public static class Faketime
{
    public const string Missing = "libfaketimeMT.so.1 is not here; install it: apt-get install faketime";

    /// <summary>Where Debian and its like put it: a folder of the machine's kind, or none, below the libraries.</summary>
    public static string? Find() => Directory.EnumerateDirectories("/usr/lib").Append("/usr/lib").Append("/usr/local/lib")
        .Select(static folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);
}
