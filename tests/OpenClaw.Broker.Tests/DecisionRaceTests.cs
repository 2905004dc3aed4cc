using System.Globalization;
using OpenClaw.Testing;
using OpenClaw.Testing.Decisions;
using OpenClaw.Testing.Http;

namespace OpenClaw.Broker.Tests;

/// <summary>Persons who decide at the same moment about the same job, which somebody edits meanwhile and a worker waits for.</summary>
public sealed class DecisionRaceTests
{
    private const int Rounds = 100, AtOnce = 4;

    [Fact]
    public async Task JobRunsByOneYesToWhatItIsOrNotAtAll()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var broker = await Caller.StartAsync();
        using var api = new Api(broker.Url, BrokerProcess.BotToken, BrokerProcess.WorkerToken);
        var people = await DecisionRace.PeopleAsync(api, Caller.AdminToken);
        var all = new List<DecisionRace>();
        for (var round = 0; round < Rounds; round++)
        {
            var races = new List<DecisionRace>();
            for (var n = 0; n < AtOnce; n++) races.Add(await DecisionRace.MakeAsync(api, people, $"race-{n}", random));
            await Task.WhenAll(races.Select(static race => race.RunAsync()));
            foreach (var race in races)
            {
                var violation = await race.ViolationAsync();
                Assert.True(violation is null, string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}: {violation}"));
            }
            all.AddRange(races);
        }
        // Or nothing was at the same moment.
        Assert.All((string[])["running", "held", "failed"], end => Assert.Contains(all, race => race.End == end));
        Assert.All((string[])["already_decided", "digest_changed", "not_waiting"],
            code => Assert.Contains(all, race => race.Calls.Any(call => call.Code == code)));
    }
}
