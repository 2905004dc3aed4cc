namespace OpenClaw.Contract.Tests.Support;

/// <summary>Trait names, for <c>dotnet test --filter</c>.</summary>
internal static class Traits
{
    /// <summary><c>Contract=any</c>: every broker of the contract must pass, the Python one included.</summary>
    public const string Contract = "Contract";

    public const string Any = "any";

    /// <summary><c>Differs=Python</c>: our contract says otherwise than the Python broker did, on purpose; a comment says how.</summary>
    public const string Differs = "Differs";

    public const string Python = "Python";
}
