namespace OpenClaw.Broker.Http;

/// <summary>Metadata of an endpoint that says itself what becomes of a form.</summary>
internal class ReadsForms;

/// <summary>
/// Metadata of an endpoint that the Python broker has, too. It answers as that one does: to a body of any content type, and to a worker's token
/// where a bot's is wanted, or the other way round, as to none.
/// </summary>
internal sealed class OfContract : ReadsForms;
