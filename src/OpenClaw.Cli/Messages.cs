using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>
/// What the program says beside its answers. On a terminal a running step is one line that changes; elsewhere each change is a
/// line. What others wrote may be in it: characters that steer a terminal or can't be seen are escaped.
/// </summary>
internal sealed class Messages(TextWriter to, bool redirected)
{
    private readonly bool alive = !redirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
    private readonly bool colours = !redirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb")
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private readonly Lock gate = new();
    private string? step;

    /// <summary>A line that stays.</summary>
    public void Say(string line)
    {
        lock (gate)
        {
            Wipe();
            to.WriteLine(VisibleText.Of(line, lines: true));
        }
    }

    /// <summary>What is going on right now.</summary>
    public void Step(string text)
    {
        lock (gate)
        {
            if (text == step) return;
            var shown = VisibleText.Of(text);
            if (alive) to.Write("\r\u001b[K" + Faint(shown));
            else to.WriteLine(shown);
            step = text;
        }
    }

    /// <summary>The step is over; on a terminal its line goes.</summary>
    public void StepOver()
    {
        lock (gate) Wipe();
    }

    private void Wipe()
    {
        if (step is null) return;
        if (alive) to.Write("\r\u001b[K");
        step = null;
    }

    private string Faint(string text) => colours ? $"\u001b[2m{text}\u001b[0m" : text;
}
