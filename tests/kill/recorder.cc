#include "tests/kill/recorder.h"

namespace reel {
namespace {

using std::chrono::seconds;

constexpr Duration kRunSpacing = seconds(60);
constexpr Duration kGapOffset = seconds(40);
constexpr Duration kGapLength = seconds(5);
constexpr Duration kDurableWait = seconds(60);

}  // namespace

std::string KillStreamName(size_t stream) { return "camera-" + std::to_string(stream); }

Recorder::Recorder(Store& store, KillJournal& journal, uint64_t seed)
    : store_(store), journal_(journal), random_(seed), stints_(kKillStreams) {}
Recorder::~Recorder() = default;

Status Recorder::Begin() {
  for (size_t stream = 0; stream < kKillStreams; ++stream) {
    REEL_RETURN_IF_ERROR(CreateStream(stream));
    REEL_RETURN_IF_ERROR(BeginStint(stream));
  }
  return OkStatus();
}

Status Recorder::CreateStream(size_t stream) {
  StreamNote& note = journal_.streams[stream];
  if (note.told == Told::kAcknowledged) return OkStatus();
  const bool asked_before = note.told == Told::kAsked;
  note.told = Told::kAsked;
  Result<StreamInfo> info = store_.CreateStream(KillStreamName(stream));
  // Nobody was told, but it may have come to be.
  if (asked_before && info.status().code() == Code::kAlreadyExists)
    info = store_.FindStream(KillStreamName(stream));
  if (!info.ok()) return info.status().WithContext("create a stream");
  note.id = info->id;
  note.told = Told::kAcknowledged;
  return OkStatus();
}

StintNote* Recorder::LastOf(size_t stream) {
  for (size_t i = journal_.stint_count; i > 0; --i) {
    StintNote& note = journal_.stints[i - 1];
    if (note.stream == stream) return &note;
  }
  return nullptr;
}

// A new run, or the stream's last one from a little before what is known to be durable.
Status Recorder::BeginStint(size_t stream) {
  Stint& stint = stints_[stream];
  stint.writer.reset();
  const uint32_t number = journal_.stint_count;
  if (number == kStintsMax) return ResourceExhausted("the journal is full");
  StintNote& note = journal_.stints[number];
  const StintNote* last = LastOf(stream);
  const bool resume = last != nullptr && last->acknowledged < kRunUnitsMax / 2 && Below(2) == 0;
  stint.next = resume ? last->acknowledged - std::min<uint64_t>(last->acknowledged, Below(30)) : 0;
  stint.mode = Below(3) == 0 ? AppendMode::kLive : AppendMode::kBulk;
  stint.note = &note;
  note.life = journal_.life;
  note.stream = static_cast<uint32_t>(stream);
  note.source_seed = resume ? last->source_seed : number + 1;
  note.begin = resume ? last->begin : kKillBegin + kRunSpacing * number;
  stint.source = std::make_unique<SyntheticSource>(note.source_seed, note.begin);
  RunOptions options;
  options.tracks = SyntheticTracks();
  if (resume) options.resume = last->run;
  options.on_durable = [&note](const Watermarks& marks) { note.Acknowledge(marks.durable.value); };
  auto writer = store_.BeginRun(journal_.streams[stream].id, options);
  // The one that was just ended may still be on its way.
  if (writer.status().code() == Code::kAlreadyExists) return OkStatus();
  if (!writer.ok()) return writer.status().WithContext("begin a run");
  stint.writer = std::move(*writer);
  note.run = stint.writer->run();
  journal_.stint_count = number + 1;
  return OkStatus();
}

Status Recorder::AppendOne(Stint* stint) {
  const uint64_t number = stint->next++;
  StintNote& note = *stint->note;
  note.offered = number + 1;
  const Status status = stint->writer->Append({number}, stint->source->Make(number), stint->mode);
  if (status.ok()) note.Accept(number);
  note.offered = 0;
  const bool shed = stint->mode == AppendMode::kLive && status.code() == Code::kResourceExhausted;
  return shed ? OkStatus() : status.WithContext("append");
}

Status Recorder::WaitDurable(Stint* stint) {
  if (stint->writer == nullptr) return OkStatus();
  stint->writer->Flush();
  const uint64_t end = stint->next;
  REEL_RETURN_IF_ERROR(stint->writer->WaitDurable({end}, kDurableWait));
  stint->note->Acknowledge(end);
  return OkStatus();
}

Status Recorder::RecordGap(size_t stream) {
  if (journal_.gap_count == kKillGapsMax) return OkStatus();
  GapNote& note = journal_.gaps[journal_.gap_count++];
  GapRow gap;
  gap.stream = journal_.streams[stream].id;
  gap.begin = kKillBegin + kRunSpacing * (journal_.gap_count - 1) + kGapOffset;
  gap.end = gap.begin + kGapLength;
  gap.cause = GapCause::kSourceLost;
  note.stream = static_cast<uint32_t>(stream);
  note.begin = gap.begin;
  note.end = gap.end;
  note.told = Told::kAsked;
  REEL_RETURN_IF_ERROR(store_.RecordGap(gap).WithContext("record a gap"));
  note.told = Told::kAcknowledged;
  return OkStatus();
}

// Now and then something else than a unit.
Status Recorder::Between() {
  const size_t stream = Below(kKillStreams);
  Stint& stint = stints_[stream];
  switch (Below(150)) {
    case 0:
      return RecordGap(stream);
    case 1:
      if (stint.writer) REEL_RETURN_IF_ERROR(stint.writer->End(EndCause::kEnded));
      return BeginStint(stream);
    case 2:
      return BeginStint(stream);  // its writer just goes away
    case 3:
    case 4:
      return WaitDurable(&stint);
    case 5:
      if (stint.writer) stint.writer->Flush();
      return OkStatus();
    case 6:
      stint.next += 1 + Below(15);  // a hole: units that never came
      return OkStatus();
    default:
      return OkStatus();
  }
}

Status Recorder::Record(size_t units) {
  for (size_t i = 0; i < units; ++i) {
    REEL_RETURN_IF_ERROR(Between());
    const size_t stream = Below(kKillStreams);
    Stint& stint = stints_[stream];
    const bool over = stint.writer == nullptr || stint.next >= kRunUnitsMax;
    if (over) REEL_RETURN_IF_ERROR(BeginStint(stream));
    if (stint.writer) REEL_RETURN_IF_ERROR(AppendOne(&stint));
  }
  return OkStatus();
}

Status Recorder::Finish() {
  for (Stint& stint : stints_) REEL_RETURN_IF_ERROR(WaitDurable(&stint));
  return OkStatus();
}

}  // namespace reel
