using System.Text;
using System.Text.RegularExpressions;
using OpenClaw.Testing;

namespace OpenClaw.Programs.Tests;

/// <summary>
/// Every text with which a program ends says what is wrong and what to do next. What a machine can judge of that: behind what is
/// wrong comes a sentence or clause that tells a person to do something, or what is taken instead.
/// </summary>
public sealed partial class ExitMessagesTests
{
    [Fact]
    public void EachSaysWhatToDoNext()
    {
        var texts = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(static f => Texts(File.ReadAllText(f)).Select(t => $"{Path.GetFileName(f)}: {t}")).ToList();
        Assert.InRange(texts.Count, 60, 1000);
        Assert.Equal([], texts.Where(static t => !Next().IsMatch(t)));
    }

    /// <summary>What stands in each of the ways to end a program; texts that are made elsewhere, by a method, are found there.</summary>
    private static IEnumerable<string> Texts(string code)
    {
        var isExceptionItself = code.Contains("class DatabaseException", StringComparison.Ordinal);
        foreach (Match end in Ends().Matches(code))
        {
            var from = end.Index + end.Length;
            if (!MadeElsewhere().IsMatch(code[from..Math.Min(from + 60, code.Length)]) && Literals(code, from) is { Length: > 0 } text) yield return text;
        }
        foreach (Match made in isExceptionItself ? MadeThere().Matches(code).Concat(MadeTexts().Matches(code)) : MadeTexts().Matches(code))
        {
            var from = made.Index + made.Length;
            if (!MadeElsewhere().IsMatch(code[from..]) && Literals(code, from) is { Length: > 0 } text) yield return text;
        }
    }

    /// <summary>The literals of an expression that begins here, one after the other, up to its end.</summary>
    private static string Literals(string code, int from)
    {
        var text = new StringBuilder();
        var depth = 0;
        for (var i = from; i < code.Length; i++)
        {
            if (code[i] == '\'') i = code.IndexOf('\'', i + (code[i + 1] == '\\' ? 3 : 2));
            else if (code[i] == '"')
            {
                var hole = 0;
                for (i++; code[i] != '"' || hole > 0; i++)
                {
                    if (code[i] == '{') hole++;
                    else if (code[i] == '}') hole--;
                    else if (code[i] == '\\') i++;
                    text.Append(code[i]);
                }
            }
            else if (code[i] is '(' or '[') depth++;
            else if (code[i] is ')' or ']' && --depth < 0 || code[i] == ';' && depth == 0) break;
        }
        return text.ToString();
    }

    [GeneratedRegex(@"new (Settings|Start|Database|Command)Exception\(|\.Note\(|\bfatal\.End\(")]
    private static partial Regex Ends();

    /// <summary>One of the texts below, or another exception's.</summary>
    [GeneratedRegex(@"^\s*(ExitCodes\.\w+, )?((DatabaseException\.)?(Damaged|NotWritable|Missing)\(|\[\$""\{Variables\.RunnerStateDir\}: \{e\.Message\})")]
    private static partial Regex MadeElsewhere();

    /// <summary>In the exception's own file it is made without its name.</summary>
    [GeneratedRegex(@"=> new\(")]
    private static partial Regex MadeThere();

    [GeneratedRegex(@"static string (NotWritable|Damaged|Missing|Describe)\(string (doing|path)[^)]*\) =>")]
    private static partial Regex MadeTexts();

    [GeneratedRegex(@"(it takes|(^|[.;:?)…-] |, or |, then |\bor, |\bthen |is, |it\), )(set|stop|give|name|check|free|put|restore|start|"
        + @"run|make|try|use|take|write|move|correct|delete|look|"
        + @"raise|point|rename|let|copy|choose|say|show|upgrade|wait|report|sign|ask|lower|in the \.socket unit|ports below|`clawctl|its log)\b)",
        RegexOptions.IgnoreCase)]
    private static partial Regex Next();
}
