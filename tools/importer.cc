#include "tools/importer.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "tools/file_digest.h"

namespace reel {
namespace {

constexpr Duration kDurableWait = std::chrono::minutes{1};

Status Stopped() { return {Code::kCancelled, "stopped by a signal"}; }

}  // namespace

Importer::Importer(Store& store, const Interrupt& interrupt, const ImportPlan& plan,
                   ImportProgress& progress)
    : store_(store), interrupt_(interrupt), plan_(plan), progress_(progress) {}

ImportReport Importer::Run() {
  Status status = Record();
  if (writer_ != nullptr) status = EndRun(status);
  // What came of reading the file names it already.
  const std::string name = NameOfSource();
  const bool named = status.message().find(name) != std::string::npos;
  report_.status = named ? status : status.WithContext(name);
  ++progress_.files_done;
  return std::move(report_);
}

std::string Importer::NameOfSource() const {
  return plan_.path == kStandardInput ? "standard input" : plan_.path;
}

Result<std::unique_ptr<MediaSource>> Importer::OpenSource() const {
  if (plan_.path != kStandardInput) return OpenMediaFile(plan_.path);
  return OpenMediaPipe(STDIN_FILENO, NameOfSource(), [this] { return interrupt_.requested(); });
}

Status Importer::Record() {
  do {
    REEL_ASSIGN_OR_RETURN(const std::unique_ptr<MediaSource> source, OpenSource());
    if (writer_ == nullptr) REEL_RETURN_IF_ERROR(BeginRun(*source));
    last_offset_ = Duration{0};
    round_units_ = 0;
    REEL_RETURN_IF_ERROR(PlayOnce(*source));
    report_.notes = source->notes();
    const bool none = next_.value == 0 || (round_units_ == 0 && !length_reached_);
    if (none) return InvalidArgument("no unit of it could be recorded");
    if (length_reached_) return OkStatus();
    round_begin_ += RoundLength();
  } while (plan_.repeat);
  return OkStatus();
}

// The file is read before the stream is made: what is no media leaves nothing behind.
Status Importer::BeginRun(const MediaSource& source) {
  import_.begin = plan_.start - plan_.clock_offset;
  if (plan_.keep_origin) REEL_RETURN_IF_ERROR(DescribeSource());
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, FindOrCreateStream(store_, plan_.stream));
  report_.stream = stream.id;
  report_.tracks = tracks_ = source.tracks();
  RunOptions options;
  options.tracks = tracks_;
  if (plan_.on_durable) {
    options.on_durable = [tell = plan_.on_durable](const Watermarks& marks) {
      tell(UnitNumber{marks.durable.value});
    };
  }
  REEL_ASSIGN_OR_RETURN(writer_, store_.BeginRun(stream.id, options));
  report_.run = writer_->run();
  // Durable before the first unit: footage that was handed in is never without its origin.
  import_.stream = stream.id;
  import_.run = report_.run;
  REEL_RETURN_IF_ERROR(TellImport());
  began_ = SystemClock().MonoNow();
  return OkStatus();
}

Status Importer::DescribeSource() {
  REEL_ASSIGN_OR_RETURN(const FileDigest digest, DigestOfFile(plan_.path));
  import_.source_bytes = digest.size_bytes;
  import_.source_sha256 = digest.sha256;
  import_.source = PlainName(plan_.path);
  import_.owner = plan_.owner;
  import_.clock_offset = plan_.clock_offset;
  import_.imported = SystemClock().WallNow();
  return OkStatus();
}

Status Importer::TellImport() {
  return plan_.keep_origin ? store_.RecordImport(import_) : OkStatus();
}

Status Importer::PlayOnce(MediaSource& source) {
  for (;;) {
    if (interrupt_.requested()) return Stopped();
    const Result<std::optional<SourceUnit>> unit = source.Next();
    if (unit.status().code() == Code::kInvalidArgument) continue;  // left out; notes() says so
    if (!unit.ok()) return unit.status();
    if (!*unit) return OkStatus();
    const Duration at = round_begin_ + (*unit)->offset;
    length_reached_ = plan_.length && at >= *plan_.length;
    if (length_reached_) return OkStatus();
    REEL_RETURN_IF_ERROR(AwaitTurn(at));
    REEL_RETURN_IF_ERROR(Append(source, **unit));
  }
}

Status Importer::AwaitTurn(Duration at) {
  if (plan_.pace == 0) return OkStatus();
  const auto due = std::chrono::duration_cast<Duration>(at / plan_.pace);
  const Duration early = due - (SystemClock().MonoNow() - began_);
  if (early > Duration{0} && interrupt_.WaitFor(early)) return Stopped();
  return OkStatus();
}

Status Importer::Append(const MediaSource& source, const SourceUnit& unit) {
  // After a change, and when a repeated file begins anew with what it had at first.
  if ((unit.track_change || round_units_ == 0) && source.tracks() != tracks_) {
    REEL_RETURN_IF_ERROR(writer_->SetTracks(source.tracks()));
    tracks_ = source.tracks();
  }
  UnitView view;
  view.track = unit.track;
  view.flags = unit.flags;
  view.pts = Shifted(unit.pts, unit.track);
  view.dts = Shifted(unit.dts, unit.track);
  view.wall = import_.begin + (round_begin_ + unit.offset);
  view.bytes = unit.bytes;
  const AppendMode mode = plan_.pace == 0 ? AppendMode::kBulk : AppendMode::kLive;
  const Status status = writer_->Append(next_, view, mode);
  last_offset_ = std::max(last_offset_, unit.offset);
  ++next_.value;
  ++round_units_;
  if (status.code() == Code::kResourceExhausted && mode == AppendMode::kLive) {
    ++report_.units_shed;
    return OkStatus();
  }
  REEL_RETURN_IF_ERROR(status);
  ++report_.units;
  report_.bytes += unit.bytes.size();
  report_.range = {std::min(report_.range.begin, view.wall),
                   std::max(report_.range.end, view.wall)};
  ++progress_.units;
  progress_.bytes += unit.bytes.size();
  return OkStatus();
}

// Whatever the outcome, what was accepted is made durable; the first error is the one told.
Status Importer::EndRun(const Status& outcome) {
  writer_->Flush();
  Status durable = writer_->WaitDurable(next_, kDurableWait);
  const bool stopped = outcome.code() == Code::kCancelled;
  Status ended = writer_->End(stopped ? EndCause::kShutdown : EndCause::kEnded);
  report_.durable = {writer_->watermarks().durable.value};
  import_.end = std::max(import_.begin, report_.range.end);
  Status told = TellImport();
  writer_.reset();
  if (!outcome.ok()) return outcome;
  if (!durable.ok()) return durable;
  return ended.ok() ? told : ended;
}

// From the first unit to where the next one would be, had the file gone on.
Duration Importer::RoundLength() const {
  const auto intervals = static_cast<int64_t>(std::max<uint64_t>(round_units_ - 1, 1));
  constexpr Duration kStill = std::chrono::milliseconds{40};  // of a file with a single picture
  return last_offset_ +
         std::max(last_offset_ / intervals, last_offset_.count() == 0 ? kStill : Duration{1});
}

int64_t Importer::Shifted(int64_t media_time, TrackId track) const {
  const auto same = [&](const TrackInfo& info) { return info.id == track; };
  const auto info = std::find_if(tracks_.begin(), tracks_.end(), same);
  if (info == tracks_.end() || round_begin_.count() == 0) return media_time;
  // Whole seconds apart, so that months of footage do not overflow.
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  const int64_t timescale = info->timescale;
  return media_time + round_begin_.count() / kNsPerSecond * timescale +
         round_begin_.count() % kNsPerSecond * timescale / kNsPerSecond;
}

Result<StreamInfo> FindOrCreateStream(Store& store, const std::string& name) {
  Result<StreamInfo> found = store.FindStream(name);
  if (found.ok() || found.status().code() != Code::kNotFound) return found;
  return store.CreateStream(name);
}

}  // namespace reel
