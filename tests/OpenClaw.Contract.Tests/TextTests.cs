using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Payload, result, error and command come back as they were sent.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class TextTests(TestedBroker broker) : ContractTest(broker)
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["empty"] = "",
        ["one blank"] = " ",
        ["surrounding blanks"] = "  \t x \n ",
        ["NUL"] = "a\0b",
        ["NUL alone"] = "\0",
        ["control characters"] = string.Concat(Enumerable.Range(0, 32).Select(i => (char)i)) + "\u007f\u0080\u009f",
        ["CRLF"] = "a\r\nb\rc\nd",
        ["decomposed"] = "e\u0301 A\u030a \u1112\u1161\u11ab",
        ["composed"] = "\u00e9 \u00c5 \ud55c",
        ["emoji"] = "😀 👩‍👩‍👧‍👦 🏳️‍🌈",
        ["line separators"] = "a\u2028b\u2029c\u0085d",
        ["byte order mark"] = "\uFEFFx\uFEFF",
        ["noncharacters"] = "\uFFFE\uFFFF\uFFFD",
        ["JSON"] = """{"a":[1,2,{"b":"\"\\u0041"}],"c":null}""",
        ["JSON that is a number"] = "0010",
        ["quotes and slashes"] = """\ / " ' ` \\ \n \u0000 <script> & %00 %2e""",
        ["SQL"] = "'); drop table jobs; --",
        ["right to left"] = "\u202eabc\u202c שלום",
    };

    public static TheoryData<string> Names { get; } = [.. Texts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task PayloadAndCommandComeBack(string name)
    {
        var text = Texts[name];
        var command = text.Length == 0 ? "ping" : text;
        var id = await Api.NewJobAsync(command, text);
        var claimed = await Api.TakeAsync();
        Assert.Equal((id, command, text), (claimed.Id(), claimed.Text("command"), claimed.Text("payload")));
        var read = await Api.JobAsync(id);
        Assert.Equal((command, text), (read.Text("command"), read.Text("payload")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ResultComesBack(string name)
    {
        var id = await RunningJobAsync();
        (await Api.FinishAsync(id, Texts[name])).Is(200);
        Assert.Equal(Texts[name], (await Api.JobAsync(id)).Text("result"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ErrorComesBackBetweenItsBlanks(string name)
    {
        var id = await RunningJobAsync();
        (await Api.FailAsync(id, $" \t{Texts[name]}.\r\n")).Is(200);
        Assert.Equal($"{Texts[name]}.".TrimStart(), (await Api.JobAsync(id)).Text("error"));
    }

    [Fact]
    public async Task LargeTextsComeBack()
    {
        var payload = string.Concat(Enumerable.Range(0, 6_000).Select(i => $"{i} grüße {(char)(i % 32)} 😀\n"));
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(payload), 100_000, 256 * 1024);
        var id = await Api.NewJobAsync("ping", payload);
        Assert.Equal(payload, (await Api.TakeAsync()).Text("payload"));
        var result = string.Concat(Enumerable.Repeat(payload, 5));
        (await Api.FinishAsync(id, result)).Is(200);
        var job = await Api.JobAsync(id);
        Assert.Equal(payload, job.Text("payload"));
        Assert.Equal(result, job.Text("result"));
    }

    [Fact]
    public async Task LargeErrorComesBack()
    {
        var id = await RunningJobAsync();
        var error = new string('e', 10_000);
        (await Api.FailAsync(id, error)).Is(200);
        Assert.Equal(error, (await Api.JobAsync(id)).Text("error"));
    }
}
