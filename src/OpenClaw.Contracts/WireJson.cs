using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>Source-generated JSON of everything on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(CreateJob))]
[JsonSerializable(typeof(CreatedJob))]
[JsonSerializable(typeof(ClaimAnswer))]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(ManyClaimsAnswer))]
[JsonSerializable(typeof(ResultsBody))]
[JsonSerializable(typeof(ResultsAnswer))]
[JsonSerializable(typeof(ResultBody))]
[JsonSerializable(typeof(FailBody))]
[JsonSerializable(typeof(ReleaseBody))]
[JsonSerializable(typeof(CancelBody))]
[JsonSerializable(typeof(Acknowledgement))]
[JsonSerializable(typeof(DeletedJob))]
[JsonSerializable(typeof(ChangedJob))]
[JsonSerializable(typeof(JobExplanation))]
[JsonSerializable(typeof(WorkerPage))]
[JsonSerializable(typeof(DrainedWorker))]
[JsonSerializable(typeof(WorkerBody))]
[JsonSerializable(typeof(ToldWorker))]
[JsonSerializable(typeof(WorkerOrders))]
[JsonSerializable(typeof(CommandPage))]
[JsonSerializable(typeof(ParentResults))]
[JsonSerializable(typeof(RetryBody))]
[JsonSerializable(typeof(SnoozeBody))]
[JsonSerializable(typeof(PauseBody))]
[JsonSerializable(typeof(PauseAnswer))]
[JsonSerializable(typeof(QueuePage))]
[JsonSerializable(typeof(LimitsBody))]
[JsonSerializable(typeof(LimitsAnswer))]
[JsonSerializable(typeof(SchedulePage))]
[JsonSerializable(typeof(ScheduleTicks))]
[JsonSerializable(typeof(PausedSchedule))]
[JsonSerializable(typeof(RunSchedule))]
[JsonSerializable(typeof(BackfillBody))]
[JsonSerializable(typeof(BackfilledSchedule))]
[JsonSerializable(typeof(DeletedSchedule))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(ManyJobsBody))]
[JsonSerializable(typeof(NewSchedule))]
[JsonSerializable(typeof(ChangedJobs))]
[JsonSerializable(typeof(JobHistoryView))]
[JsonSerializable(typeof(HeartbeatAnswer))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(ChunksBody))]
[JsonSerializable(typeof(ChunksAnswer))]
[JsonSerializable(typeof(StreamEvent))]
[JsonSerializable(typeof(ChunkPage))]
[JsonSerializable(typeof(ChunkView))]
[JsonSerializable(typeof(ApprovalPage))]
[JsonSerializable(typeof(DecisionBody))]
[JsonSerializable(typeof(DecidedJob))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Requirements))]
[JsonSerializable(typeof(Signature))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(TokenPage))]
[JsonSerializable(typeof(RevokedToken))]
[JsonSerializable(typeof(NewEnrolment))]
[JsonSerializable(typeof(EnrolmentOffer))]
[JsonSerializable(typeof(EnrolBody))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditEntryView))]
[JsonSerializable(typeof(AuditProof))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<FieldError>))]
public sealed partial class WireJson : JsonSerializerContext;

/// <summary>A text, or any other JSON as its text.</summary>
internal sealed class TextOrJson : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString() : JsonElement.ParseValue(ref reader).GetRawText();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
