using System.Security.Cryptography;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Runner.Work;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>A runner with keys trusts nobody else, the broker least.</summary>
public sealed class SignedJobsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly WatchedClock clock = new();
    private readonly ECDsa anna = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly SignedJobs signed;

    public SignedJobsTests() => signed = Open();

    public void Dispose()
    {
        anna.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void WhatAKeySignedIsRun() => Assert.Null(signed.Refuse(Claim(Sign())));

    [Fact]
    public void WhatNobodySignedIsRefused()
    {
        Assert.Contains("is not signed", signed.Refuse(Claim(new CreateJob("ping", "x"))), StringComparison.Ordinal);
        using var bert = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("'bert' is none of them", signed.Refuse(Claim(JobSignature.Sign(new CreateJob("ping", "x"), bert, "bert", Soon))),
            StringComparison.Ordinal);
        Assert.Contains("not that of this job", signed.Refuse(Claim(JobSignature.Sign(new CreateJob("ping", "x"), bert, "anna", Soon))),
            StringComparison.Ordinal);
        Assert.Null(new SignedJobs(new Dictionary<string, ECDsa>(), folder.Path, clock).Refuse(Claim(new CreateJob("ping", "x"))));
    }

    [Fact]
    public void WhatWasChangedIsRefused()
    {
        var job = Sign(new CreateJob("ping", "x") { Requires = new Requirements(["gpu"]), Queue = "mail" });
        var view = View(job);
        JobView[] changed =
        [
            view with { Command = "pinG" }, view with { Payload = "y" }, view with { Requires = null }, view with { Queue = "default" },
            view with { Command = "pingx", Payload = "" }, view with { Signature = view.Signature! with { NotAfter = Soon + 1 } },
            view with { Signature = view.Signature! with { Nonce = "other" } }, view with { Signature = view.Signature! with { Value = "AAAA" } },
        ];
        foreach (var other in changed) Assert.Contains("not that of this job", signed.Refuse(ClaimedJob.Read(other)!), StringComparison.Ordinal);
        Assert.Null(signed.Refuse(ClaimedJob.Read(view)!));
    }

    [Fact]
    public void WhatIsOverIsRefused()
    {
        var job = Sign();
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Contains("is over", signed.Refuse(Claim(job)), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatHasEndedHereIsNotRunAgainAlsoAfterARestart()
    {
        var view = View(Sign());
        var job = ClaimedJob.Read(view)!;
        Assert.Null(signed.Refuse(job));
        Assert.Null(Open().Refuse(job)); // interrupted: the same job may come again
        Assert.Contains("used already", signed.Refuse(ClaimedJob.Read(view with { Id = Guid.NewGuid().ToString() })!), StringComparison.Ordinal);
        signed.End(job);
        Assert.Contains("used already", Open().Refuse(job), StringComparison.Ordinal);
    }

    [Fact]
    public void NotesGoWhenTheirTimeIsOver()
    {
        signed.Refuse(Claim(Sign()));
        Assert.Single(Directory.GetFiles(folder.File("nonces")));
        clock.Advance(TimeSpan.FromSeconds(61));
        Open();
        Assert.Empty(Directory.GetFiles(folder.File("nonces")));
    }

    private long Soon => clock.GetUtcNow().ToUnixTimeSeconds() + 60;

    private SignedJobs Open() => new(new Dictionary<string, ECDsa> { ["anna"] = anna }, folder.Path, clock);

    private CreateJob Sign(CreateJob? job = null) => JobSignature.Sign(job ?? new CreateJob("ping", "x"), anna, "anna", Soon);

    private static ClaimedJob Claim(CreateJob job) => ClaimedJob.Read(View(job))!;

    /// <summary>The job as a claim shows it.</summary>
    private static JobView View(CreateJob job) => new()
    {
        Id = "11111111-1111-4111-8111-111111111111",
        Status = JobStatuses.Running,
        Command = job.Command,
        Payload = job.Payload,
        Requires = job.Requires is { } requires ? $$"""{"caps":["{{requires.Caps[0]}}"]}""" : null,
        Queue = job.Queue ?? "default",
        Signature = job.Signature,
    };
}
