using System.Reflection;
using OpenClaw.Broker.Running;

namespace OpenClaw.Broker.Tests;

/// <summary>Which room may know which, held over the compiled broker: signatures, fields, locals and every method's code.</summary>
public sealed class ArrowTests
{
    private const string Root = "OpenClaw.Broker";

    private static readonly Lazy<ILookup<string, (string Room, string Use)>> Arrows = new(() => Uses().Distinct().ToLookup(u => u.From, u => (u.To, u.Use)));

    [Theory]
    [InlineData("", "Time, Store, Http, Access, Jobs, Queues, Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Time", "Store, Http, Access, Jobs, Queues, Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Store", "Http, Access, Jobs, Queues, Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Http", "Time, Access, Jobs, Queues, Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Access", "Jobs, Queues, Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Jobs", "Queues, Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Queues", "Approvals, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Approvals", "Queues, Links, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Links", "Queues, Approvals, Schedules, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Schedules", "Approvals, Links, Workers, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Workers", "Approvals, Links, Schedules, Streams, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Streams", "Queues, Approvals, Links, Schedules, Workers, Hooks, Explain, Storage, Board, Running")]
    [InlineData("Hooks", "Queues, Approvals, Links, Schedules, Workers, Streams, Explain, Storage, Board, Running")]
    [InlineData("Explain", "Storage, Board, Running")]
    [InlineData("Storage", "Http, Access, Queues, Approvals, Links, Schedules, Workers, Streams, Explain, Board, Running")]
    [InlineData("Board", "Storage, Running")]
    public void RoomKnowsNothingAboveIt(string room, string unknown) =>
        Assert.Empty(Arrows.Value[room].Where(a => unknown.Split(", ").Contains(a.Room)).Select(a => a.Use));

    [Fact]
    public void ArrowsAreSeen() => // so that an empty list above means something
        Assert.Superset(new HashSet<string> { "Jobs", "Queues", "Storage", "Store" }, Arrows.Value["Running"].Select(a => a.Room).ToHashSet());

    private static IEnumerable<(string From, string To, string Use)> Uses()
    {
        foreach (var type in typeof(BrokerHost).Assembly.GetTypes())
        {
            if (Room(type) is not { } from) continue;
            foreach (var used in Used(type).SelectMany(Parts))
            {
                if (Room(used) is { Length: > 0 } to && to != from) yield return (from, to, $"{Outermost(type).Name} knows {Outermost(used).FullName}");
            }
        }
    }

    private static IEnumerable<Type> Used(Type type)
    {
        if (type.BaseType is not null) yield return type.BaseType;
        foreach (var used in type.GetInterfaces()) yield return used;
        foreach (var field in type.GetFields(MethodCode.Declared)) yield return field.FieldType;
        foreach (var method in MethodCode.Of(type))
        {
            foreach (var parameter in method.GetParameters()) yield return parameter.ParameterType;
            if (method is MethodInfo { ReturnType: var returned }) yield return returned;
            if (method.GetMethodBody() is not { } body) continue;
            foreach (var local in body.LocalVariables) yield return local.LocalType;
            foreach (var used in Members(method)) yield return used;
        }
    }

    /// <summary>The types whose members a method's code names.</summary>
    private static IEnumerable<Type> Members(MethodBase method)
    {
        foreach (var member in MethodCode.Members(method))
        {
            if ((member as Type ?? member.DeclaringType) is { } used) yield return used;
            foreach (var argument in member is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericArguments() : []) yield return argument;
        }
    }

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsConstructedGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()) : [type];

    /// <summary>The room's name, empty for what all may use; null outside the broker and in generated code.</summary>
    private static string? Room(Type type) => Outermost(type).Namespace switch
    {
        Root => "",
        { } space when space.StartsWith(Root + ".", StringComparison.Ordinal) && !type.IsGenericParameter => space[(Root.Length + 1)..].Split('.')[0],
        _ => null,
    };

    private static Type Outermost(Type type) => type.DeclaringType is { } outer && !type.IsGenericParameter ? Outermost(outer) : type;
}
