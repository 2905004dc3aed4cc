using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Access;

/// <summary><c>keys create</c>: a key to sign jobs with, for runners that run only what it signed.</summary>
internal static class KeysCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The key's name, such as anna" };

    public static Command Create() => new("keys", "Keys to sign jobs with")
    {
        Invocation.Of(new Command("create", "Make a key; prints what runners need as JOB_KEYS") { Name }, CreateAsync),
    };

    /// <summary>A key that was made here.</summary>
    /// <exception cref="CommandException">There is none of this name, or its file can't be read.</exception>
    public static ECDsa Read(string name)
    {
        var path = PathOf(name);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new CommandException($"--sign {name}: {path} is no key that can be read ({e.Message}). Make one with `clawctl keys create {name}`.",
                ExitCodes.Configuration);
        }
    }

    private static Task<int> CreateAsync(Invocation invocation)
    {
        var name = invocation.Parsed.GetValue(Name)!;
        var path = PathOf(name);
        if (File.Exists(path)) throw new CommandException($"there is a key in {path} already; choose another name, or delete the file first.", ExitCodes.Usage);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
            PrivateFiles.Write(path, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} can't be written ({e.Message}). Make its folder writable, or set XDG_CONFIG_HOME to another.", ExitCodes.Io);
        }
        Console.Out.WriteLine($"{name}:{Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}");
        invocation.Messages.Say($"The key is in {path}: keep it. Give runners the line above as {Variables.JobKeys} (several with commas); "
            + $"`clawctl submit --sign {name}` signs with it.");
        return Task.FromResult(ExitCodes.Ok);
    }

    private static string PathOf(string name)
    {
        if (name.Length is 0 or > 64 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') || name[0] == '.')
        {
            throw new CommandException($"'{name}' is no name of a key: it takes 1 to 64 of the characters A-Z a-z 0-9 . _ -.", ExitCodes.Usage);
        }
        var config = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder
            ? folder : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return Path.Combine(config, "clawctl", "keys", name + ".pem");
    }
}
