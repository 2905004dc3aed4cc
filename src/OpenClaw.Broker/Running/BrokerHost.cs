using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Net.Http.Headers;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Approvals;
using OpenClaw.Broker.Board;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Explain;
using OpenClaw.Broker.Hooks;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Keeping;
using OpenClaw.Broker.Links;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Schedules;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Streams;
using OpenClaw.Broker.Time;
using OpenClaw.Broker.Workers;
using OpenClaw.Programs;
using Orleans.Configuration;

namespace OpenClaw.Broker.Running;

/// <summary>Puts the parts together: the silo, its storage and the HTTP API in one host.</summary>
internal static class BrokerHost
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Builds the host; its database is open and checked and its address taken when this returns.</summary>
    /// <param name="machine">The machine's clock, which may jump.</param>
    /// <param name="configureSilo">What a test adds to the silo.</param>
    /// <exception cref="StartException">The database or the address can't be had.</exception>
    public static async Task<WebApplication> BuildAsync(BrokerOptions options, TimeProvider machine, Action<ISiloBuilder>? configureSilo = null)
    {
        var log = new ProgramLog(Console.Out, machine);
        var database = await Patience.TryAsync(() => Database.Open(options.DatabasePath), machine, message => log.Warn(message));
        try
        {
            var sockets = await Patience.TryAsync(() => Listening.Bind(options, ServiceManager.OfProcess), machine, message => log.Warn(message));
            return Build(options, database, sockets, new Clock(machine, database.ReadSteadyTime()), configureSilo);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private static WebApplication Build(BrokerOptions options, Database database, List<Socket> sockets, Clock clock, Action<ISiloBuilder>? configureSilo)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        AddLogging(builder.Logging);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, sockets));
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = address =>
            Listening.Take(sockets, address));
        builder.Services.AddSingleton<Listeners>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(static s => s.GetRequiredService<Listeners>());
        AddServices(builder.Services, options, clock, database);
        if (options.HasDashboard) builder.AddDashboard();
        builder.UseOrleans(silo =>
        {
            Configure(silo, options);
            configureSilo?.Invoke(silo);
        });
        var app = builder.Build();
        Map(app, options);
        return app;
    }

    private static void AddServices(IServiceCollection services, BrokerOptions options, Clock clock, Database database)
    {
        services.AddSingleton(options);
        services.AddSingleton(clock);
        services.AddSingleton<TimeProvider>(clock);
        // Made by the container, so that it is disposed last, after all that use the file.
        services.AddSingleton(_ => database);
        services.AddSingleton<WriteGate>();
        services.AddSingleton(new DiskReserve(database.Path, options.DiskReserveBytes));
        services.AddSingleton<FatalError>();
        services.AddSingleton<WriteOutages>();
        services.AddSingleton<Writer>();
        services.AddSingleton<Readers>();
        services.AddSingleton<HeldJobs>();
        services.AddSingleton<IStore, SqliteStore>();
        services.AddSingleton<IJobStore, SqliteJobStore>();
        services.AddSingleton<SqliteDataSource>();
        services.AddJobs();
        services.AddQueues();
        services.AddSingleton<Health>();
        services.AddSingleton<HealthApi>();
        services.AddSingleton<Errors>();
        services.AddSingleton<UpgradeGate>();
        services.AddHostedService<StartReport>();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.AddSingleton(ServiceManager.OfProcess);
        services.AddHostedService<ServiceReport>();
        services.AddSingleton<TailnetWatch>();
        services.AddHostedService(static s => s.GetRequiredService<TailnetWatch>());
        services.AddHostedService<FileCheck>();
        services.AddSingleton<FileWatch>();
        services.AddHostedService(static s => s.GetRequiredService<FileWatch>());
        services.AddHostedService<OldKeys>();
        services.AddHostedService<OldAudit>();
        services.AddHostedService<OldMinutes>();
        services.AddHostedService<OldJobs>();
        services.AddHostedService<OldChunks>();
        services.AddHostedService<DeletedJobs>();
        services.AddSingleton<ByteBudget>();
        services.AddAccess();
        services.AddApprovals();
        services.AddLinks();
        services.AddSchedules();
        services.AddWorkers();
        services.AddStreams();
        services.AddHooks();
        services.AddExplain();
    }

    private static void Configure(ISiloBuilder silo, BrokerOptions options)
    {
        silo.UseLocalhostClustering(gatewayPort: 0, serviceId: "openclaw", clusterId: "openclaw");
        NoConnections.Use(silo.Services);
        AloneInCluster.Use(silo, isShown: options.HasDashboard);
        silo.AddAdoNetGrainStorage(StorageNames.AdoNet, storage => storage.Configure<SqliteDataSource>((o, source) =>
        {
            o.Invariant = StorageNames.Invariant;
            o.DataSource = source;
        }));
        silo.UseAdoNetReminderService(reminders => reminders.Configure<SqliteDataSource>((o, source) =>
        {
            o.Invariant = StorageNames.Invariant;
            o.DataSource = source;
        }));
        silo.Configure<GrainCollectionOptions>(collection =>
        {
            collection.CollectionQuantum = TimeSpan.FromSeconds(30);
            collection.CollectionAge = TimeSpan.FromMinutes(1);
        });
        silo.AddStartupTask<QueueStarter>();
        silo.AddSchedules();
        silo.AddWorkers();
        if (options.HasDashboard) Onlookers.AddDashboard(silo);
    }

    private static void Configure(KestrelServerOptions kestrel, BrokerOptions options, List<Socket> sockets)
    {
        kestrel.AddServerHeader = false;
        var connections = FileLimit.ForConnections();
        var gate = new ConnectionGate(connections);
        foreach (var socket in sockets)
        {
            kestrel.Listen((IPEndPoint)socket.LocalEndPoint!, listen => listen.Use(next => connection => gate.ServeAsync(connection, next)));
        }
        kestrel.Limits.MaxConcurrentConnections = connections;
        kestrel.RequestHeaderEncodingSelector = static name => name == HeaderNames.ContentLength ? DigitsAlone.Instance : Encoding.Latin1;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MaxRequestBufferSize = 128 * 1024; // what a connection may send ahead before anybody reads it
        kestrel.Limits.MaxRequestBodySize = options.MaxOtherBytes;
    }

    private static void Map(WebApplication app, BrokerOptions options)
    {
        app.Use(BrowserGuard.AddHeadersAsync);
        app.Use(app.Services.GetRequiredService<Errors>().HandleAsync);
        app.Use(new BrowserGuard(options).CheckNamesAsync);
        if (app.Services.GetRequiredService<UpgradeGate>() is { IsShut: true } gate) app.Use(gate.CheckAsync);
        if (options.HasDashboard) app.UseDashboardGuard();
        app.UseRouting();
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true; // it would look for a cookie in each request; policies name their scheme
        app.UseAuthorization();
        app.Use(BrowserGuard.RefuseFormsAsync);
        app.Services.GetRequiredService<HealthApi>().Map(app);
        app.MapJobs();
        app.MapQueues();
        app.MapAccess();
        app.MapApprovals();
        app.MapLinks();
        app.MapSchedules();
        app.MapWorkers();
        app.MapStreams();
        app.MapExplain();
        if (options.HasDashboard) app.MapDashboard();
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName).AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Orleans", LogLevel.Error);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical); // tells, with a trace, of each client's broken upload
        logging.AddFilter("Polly", LogLevel.Error);
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None); // else each request has an activity and a scope: 10 % of its CPU
    }
}
