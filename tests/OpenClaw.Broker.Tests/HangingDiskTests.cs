using System.Diagnostics;
using System.Net;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>A disk that no longer answers, as a library that holds up the program's own system calls on the database.</summary>
public sealed class HangingDiskTests : IDisposable
{
    private const string Library = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <limits.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/types.h>
        #include <unistd.h>

        static void hold(int fd) {
            const char *database = getenv("BROKER_DB"), *hang = getenv("HANG");
            char link[64], path[PATH_MAX];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t length = readlink(link, path, sizeof path - 1);
            if (length < 0 || strncmp(path, database, strlen(database)) != 0) return;
            while (access(hang, F_OK) == 0) usleep(10000);
        }
        #define HELD(result, name, parameters, arguments) \
            result name parameters { hold(fd); return ((result (*) parameters)dlsym(RTLD_NEXT, #name)) arguments; }
        HELD(int, fsync, (int fd), (fd))
        HELD(int, fdatasync, (int fd), (fd))
        HELD(ssize_t, pread64, (int fd, void *to, size_t count, off64_t at), (fd, to, count, at))
        HELD(ssize_t, pwrite64, (int fd, const void *from, size_t count, off64_t at), (fd, from, count, at))
        """;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task HealthSaysSoAndAStopEnds()
    {
        await File.WriteAllTextAsync(folder.File("hang.c"), Library);
        using (var compiler = Process.Start("gcc", ["-shared", "-fPIC", "-o", folder.File("hang.so"), folder.File("hang.c"),
            "-ldl"])) await compiler.WaitForExitAsync();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string,
            string> { ["LD_PRELOAD"] = folder.File("hang.so"), ["HANG"] = folder.File("hang") });
        await File.WriteAllTextAsync(folder.File("hang"), "");
        using var http = new HttpClient { BaseAddress = broker.Url };
        await BrokerFixture.EventuallyAsync(async () =>
        {
            using var ready = await http.GetAsync(new Uri("health/ready", UriKind.Relative));
            return ready.StatusCode == HttpStatusCode.ServiceUnavailable
                && (await ready.Content.ReadAsStringAsync()).Contains("no answer within", StringComparison.Ordinal);
        });
        var create = broker.Client().CreateAsync(new CreateJob("ping", ""));
        Assert.Equal(ExitCodes.Io, await broker.Program.StopAsync());
        Assert.Contains("could not stop within", Assert.Single(broker.Program.Output.Split('\n'), l =>
            l.Contains(" fatal ", StringComparison.Ordinal)), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => create);
    }
}
