using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Text;

namespace OpenClaw.Broker.Store;

/// <summary>Takes a statement's values by position, counted from 1.</summary>
internal interface IParameters
{
    void Set(int index, long? value);

    void Set(int index, string? value);

    void Set(int index, byte[]? value);
}

/// <summary>A row that was read; columns are counted from 0.</summary>
internal interface IRow
{
    long? Number(int column);

    string? Text(int column);

    byte[]? Blob(int column);
}

/// <summary>Who may change a column after the row was made.</summary>
internal enum Writing
{
    /// <summary>Nobody: it is written with the row.</summary>
    Once,

    /// <summary>An update that a person asked for.</summary>
    Edited,

    /// <summary>Every update.</summary>
    Always,
}

/// <summary>One column of a table: its name, and how it stands in a record.</summary>
internal abstract class Column<T>(string name, Writing writing)
{
    public string Name { get; } = name;

    public Writing Writing { get; } = writing;

    public abstract void Write(T record, IParameters parameters, int index);

    public abstract void Read(IRow row, int column, T record);

    /// <summary>Whether a row that was written from the one record needs no other value for the other.</summary>
    public abstract bool IsSame(T one, T other);
}

/// <summary>
/// A table's columns, once, from which select, insert, update and both directions of the mapping follow. A record's
/// property is named by an expression; its setter is used even where it is <c>init</c>, on records that only this class has seen.
/// </summary>
/// <param name="key">The columns that say which row an update means, and at which version.</param>
internal sealed class Table<T>(string name, string[] key, Func<T> create, params Column<T>[] columns)
    where T : class
{
    public string Name { get; } = name;

    /// <summary>All columns, each behind an alias, as a select lists them.</summary>
    public string Select(string alias) => string.Join(", ", columns.Select(c => $"{alias}.{c.Name}"));

    public int Width => columns.Length;

    public string Insert { get; } =
        $"insert into {name} ({string.Join(", ", columns.Select(static c => c.Name))}) values "
            + $"({string.Join(", ", columns.Select(static (_, i) => $"?{i + 1}"))})";

    private readonly ConcurrentDictionary<ulong, Assignments<T>> changed = new();

    /// <summary>
    /// The columns in which two records differ, of those that an update may write: SQLite touches each index in which a column stands that an
    /// update names, whether its value is another or not.
    /// </summary>
    /// <param name="isEdit">Whether it is a person's.</param>
    public Assignments<T> Changed(T from, T to, bool isEdit = false)
    {
        var mask = 0UL;
        for (var i = 0; i < columns.Length; i++)
        {
            if (columns[i].Writing == Writing.Always || isEdit && columns[i].Writing == Writing.Edited)
            {
                if (!columns[i].IsSame(from, to)) mask |= 1UL << i;
            }
        }
        if (changed.TryGetValue(mask, out var known)) return known;
        return changed.GetOrAdd(mask, new Assignments<T>(Name, key, [.. columns.Where((_, i) => (mask >> i & 1) != 0)]));
    }

    public void WriteAll(T record, IParameters parameters)
    {
        for (var i = 0; i < columns.Length; i++) columns[i].Write(record, parameters, i + 1);
    }

    /// <summary>The record in a row's first columns.</summary>
    public T Read(IRow row)
    {
        var record = create();
        for (var i = 0; i < columns.Length; i++) columns[i].Read(row, i, record);
        return record;
    }
}

/// <summary>The columns that an update writes.</summary>
/// <param name="table">Whose they are.</param>
/// <param name="key">The columns that say which row is meant, and at which version: its parameters count on from <see cref="Width"/>.</param>
internal sealed class Assignments<T>(string table, string[] key, Column<T>[] columns)
{
    public string Statement { get; } = $"update {table} set {string.Join(", ", columns.Select(static (c, i) => $"{c.Name} = ?{i + 1}"))} "
        + $"where {string.Join(" and ", key.Select((name, i) => $"{name} = ?{columns.Length + i + 1}"))}";

    public int Width => columns.Length;

    public void Write(T record, IParameters parameters)
    {
        for (var i = 0; i < columns.Length; i++) columns[i].Write(record, parameters, i + 1);
    }
}

/// <summary>Makes the columns of a table of <typeparamref name="T"/> records.</summary>
internal static class Columns<T>
{
    public static Column<T> Number(string name, Expression<Func<T, long>> property, Writing writing = Writing.Always) =>
        new Mapped<long>(name, writing, property, static (p, i, v) => p.Set(i, v), static (r, c) => r.Number(c)!.Value);

    public static Column<T> Number(string name, Expression<Func<T, long?>> property, Writing writing = Writing.Always) =>
        new Mapped<long?>(name, writing, property, static (p, i, v) => p.Set(i, v), static (r, c) => r.Number(c));

    public static Column<T> Number(string name, Expression<Func<T, int>> property, Writing writing = Writing.Always) =>
        new Mapped<int>(name, writing, property, static (p, i, v) => p.Set(i, v), static (r, c) => (int)r.Number(c)!.Value);

    public static Column<T> Number(string name, Expression<Func<T, int?>> property, Writing writing = Writing.Always) =>
        new Mapped<int?>(name, writing, property, static (p, i, v) => p.Set(i, v), static (r, c) => (int?)r.Number(c));

    public static Column<T> Flag(string name, Expression<Func<T, bool>> property, Writing writing = Writing.Always) =>
        new Mapped<bool>(name, writing, property, static (p, i, v) => p.Set(i, v ? 1 : 0), static (r, c) => r.Number(c) != 0);

    public static Column<T> Text(string name, Expression<Func<T, string?>> property, Writing writing = Writing.Always) =>
        new Mapped<string?>(name, writing, property, static (p, i, v) => p.Set(i, v), static (r, c) => r.Text(c));

    public static Column<T> Blob(string name, Expression<Func<T, byte[]>> property, Writing writing = Writing.Always) =>
        new Mapped<byte[]>(name, writing, property, static (p, i, v) => p.Set(i, v), static (r, c) => r.Blob(c)!);

    /// <summary>A text that may hold NUL: UTF-8 in a blob.</summary>
    public static Column<T> Utf8(string name, Expression<Func<T, string?>> property, Writing writing = Writing.Always) =>
        new Mapped<string?>(name, writing, property, static (p, i, v) => p.Set(i, v is null ? null : Encoding.UTF8.GetBytes(v)),
            static (r, c) => r.Blob(c) is { } bytes ? Encoding.UTF8.GetString(bytes) : null);

    /// <summary>A value kept as text.</summary>
    public static Column<T> As<TValue>(
        string name, Expression<Func<T, TValue>> property, Func<TValue, string?> format, Func<string?, TValue> parse, Writing writing = Writing.Always) =>
        new Mapped<TValue>(name, writing, property, (p, i, v) => p.Set(i, format(v)), (r, c) => parse(r.Text(c)));

    /// <summary>What follows from the rest of the record: written for the table's indexes, never read back.</summary>
    public static Column<T> Derived(string name, Func<T, long?> value) => new Written(name, value);

    /// <summary>A flag that is written as it follows from the record, and that the table may set otherwise before it is read.</summary>
    public static Column<T> Half(string name, Func<T, bool> write, Expression<Func<T, bool>> read) => new HalfMapped(name, write, Flag(name, read));

    private sealed class HalfMapped(string name, Func<T, bool> write, Column<T> read) : Column<T>(name, Writing.Always)
    {
        public override void Write(T record, IParameters parameters, int index) => parameters.Set(index, write(record) ? 1 : 0);

        public override void Read(IRow row, int column, T record) => read.Read(row, column, record);

        public override bool IsSame(T one, T other) => false; // the table may have set it since
    }

    private sealed class Written(string name, Func<T, long?> value) : Column<T>(name, Writing.Always)
    {
        public override void Write(T record, IParameters parameters, int index) => parameters.Set(index, value(record));

        public override void Read(IRow row, int column, T record)
        {
        }

        public override bool IsSame(T one, T other) => value(one) == value(other);
    }

    private sealed class Mapped<TValue>(
        string name, Writing writing, Expression<Func<T, TValue>> property, Action<IParameters, int, TValue> write, Func<IRow, int,
            TValue> read) : Column<T>(name, writing)
    {
        private readonly Func<T, TValue> get = Property(property).GetMethod!.CreateDelegate<Func<T, TValue>>();
        private readonly Action<T, TValue> set = Property(property).SetMethod!.CreateDelegate<Action<T, TValue>>();

        public override void Write(T record, IParameters parameters, int index) => write(parameters, index, get(record));

        public override void Read(IRow row, int column, T record) => set(record, read(row, column));

        public override bool IsSame(T one, T other) => EqualityComparer<TValue>.Default.Equals(get(one), get(other));

        private static PropertyInfo Property(Expression<Func<T, TValue>> property) => (PropertyInfo)((MemberExpression)property.Body).Member;
    }
}
