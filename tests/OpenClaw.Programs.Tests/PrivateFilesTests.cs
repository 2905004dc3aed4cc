using OpenClaw.Testing;

namespace OpenClaw.Programs.Tests;

public sealed class PrivateFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void FoldersAndFilesAreForTheirOwnerAlone()
    {
        PrivateFiles.CreateFolder(folder.File("a/b"));
        PrivateFiles.Write(folder.File("a/b/secret"), "one"u8);
        foreach (var path in (string[])["a", "a/b", "a/b/secret"]) Assert.True(FileModes.IsPrivate(folder.File(path)), path);
    }

    [Fact]
    public void AFileIsReplacedWholeAndBecomesPrivate()
    {
        File.WriteAllText(folder.File("secret"), "a longer text that was there before");
        PrivateFiles.Write(folder.File("secret"), "two"u8);
        Assert.Equal("two", File.ReadAllText(folder.File("secret")));
        Assert.True(FileModes.IsPrivate(folder.File("secret")));
        Assert.Equal([folder.File("secret")], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void AWriteThatFailsLeavesTheOldFileAndNoOther()
    {
        Directory.CreateDirectory(folder.File("taken/inside"));
        Assert.ThrowsAny<Exception>(() => PrivateFiles.Write(folder.File("taken"), "x"u8));
        Assert.True(Directory.Exists(folder.File("taken/inside")));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void AFolderThatIsThereKeepsItsMode()
    {
        if (OperatingSystem.IsWindows()) return;
        const UnixFileMode Open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead;
        Directory.CreateDirectory(folder.File("shared"));
        File.SetUnixFileMode(folder.File("shared"), Open);
        PrivateFiles.CreateFolder(folder.File("shared"));
        Assert.Equal(Open, File.GetUnixFileMode(folder.File("shared")));
    }
}
