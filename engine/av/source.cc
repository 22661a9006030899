#include "engine/av/source.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/av/av_handle.h"
#include "engine/av/capture_clock.h"
#include "engine/av/container_reader.h"
#include "engine/av/elementary_reader.h"
#include "engine/av/file_kind.h"
#include "engine/av/unit_framer.h"
#include "engine/av/unit_times.h"

namespace reel {
namespace {

constexpr size_t kMaxHeldUnits = 1024;
constexpr size_t kMaxHeldBytes = 64U << 20;

// Packets become units (UnitFramer), units get times (UnitTimes) while they wait in held_, and
// leave it in the order of the file.
class FileSource final : public MediaSource {
 public:
  FileSource(std::string path, std::unique_ptr<PacketReader> reader, const SourceOptions& options);

  // Reads as far as the first unit, so that tracks() can say what it changes.
  Status Begin();

  const std::vector<TrackInfo>& tracks() const override { return tracks_; }
  const std::vector<std::string>& notes() const override { return reader_->notes(); }
  Result<std::optional<SourceUnit>> Next() override;

 private:
  struct Track {
    std::unique_ptr<UnitFramer> framer;
    std::unique_ptr<UnitTimes> times;
  };
  // A unit, or the error that stands for one.
  struct Held {
    size_t track = 0;
    Status error;
    FramedUnit unit;
    UnitTime time;
  };

  bool FrontIsReady() const;
  bool IsFull() const { return held_.size() >= kMaxHeldUnits || held_bytes_ >= kMaxHeldBytes; }
  void ReadMore();
  void TakeUnits(size_t track);
  void FlushTimes();
  void End(Status status);
  Duration DtsOf(const Held& held) const;
  const Held* NextOfFront() const;
  SourceUnit HandOut(Held held, Duration offset);

  std::string path_;
  std::unique_ptr<PacketReader> reader_;
  std::vector<TrackInfo> tracks_;
  std::vector<Track> pipes_;  // one per track
  CaptureClock clock_;
  std::deque<std::unique_ptr<Held>> held_;  // UnitTimes points into them
  size_t held_bytes_ = 0;
  bool at_end_ = false;
  Status final_error_;
  Bytes bytes_;  // of the unit handed out last
};

FileSource::FileSource(std::string path, std::unique_ptr<PacketReader> reader,
                       const SourceOptions& options)
    : path_(std::move(path)), reader_(std::move(reader)), clock_(reader_->tracks().size()) {
  const uint32_t rate = std::clamp<uint32_t>(options.frames_per_second, 1, 240);
  for (const PacketTrack& track : reader_->tracks()) {
    tracks_.push_back(track.info);
    pipes_.push_back({MakeUnitFramer(track, rate), MakeUnitTimes(track)});
  }
}

Status FileSource::Begin() {
  while (!FrontIsReady() && !at_end_) ReadMore();
  REEL_RETURN_IF_ERROR(final_error_);
  bool any = false;
  for (const std::unique_ptr<Held>& held : held_) {
    if (!held->error.ok()) continue;
    any = true;
    if (!held->unit.track_change) continue;
    // Only a change with the track's first unit is how the track is at first.
    const auto same = [&](const std::unique_ptr<Held>& h) {
      return h->track == held->track && h->error.ok();
    };
    if (*std::find_if(held_.begin(), held_.end(), same) != held) continue;
    tracks_[held->track] = *std::exchange(held->unit.track_change, std::nullopt);
  }
  if (any || !at_end_) return OkStatus();
  const std::string why = held_.empty() ? "" : " (" + held_.front()->error.message() + ")";
  return InvalidArgument(path_ + ": holds no picture or sound that can be read" + why +
                         "; check the file with ffprobe");
}

Result<std::optional<SourceUnit>> FileSource::Next() {
  while (!FrontIsReady() && !at_end_) ReadMore();
  if (held_.empty()) {
    REEL_RETURN_IF_ERROR(final_error_);
    return std::optional<SourceUnit>();
  }
  const Held* next = NextOfFront();
  const std::unique_ptr<Held> front = std::move(held_.front());
  held_.pop_front();
  held_bytes_ -= front->unit.bytes.size();
  if (!front->error.ok()) return front->error.WithContext(path_);
  std::optional<Duration> next_dts;
  if (next != nullptr) next_dts = DtsOf(*next);
  const Duration offset = clock_.Advance(front->track, DtsOf(*front), next_dts);
  return std::optional(HandOut(std::move(*front), offset));
}

SourceUnit FileSource::HandOut(Held held, Duration offset) {
  bytes_ = std::move(held.unit.bytes);
  if (held.unit.track_change) tracks_[held.track] = *held.unit.track_change;
  return {.track = tracks_[held.track].id,
          .flags = held.unit.flags,
          .pts = *held.time.pts,
          .dts = *held.time.dts,
          .offset = offset,
          .bytes = bytes_,
          .track_change = std::move(held.unit.track_change)};
}

bool FileSource::FrontIsReady() const {
  if (held_.empty()) return false;
  const Held& front = *held_.front();
  if (!front.error.ok()) return true;
  if (!front.time.timed) return false;
  return IsFull() || !clock_.NeedsNext(front.track, DtsOf(front)) || NextOfFront() != nullptr;
}

void FileSource::ReadMore() {
  if (IsFull()) {
    FlushTimes();
    return;
  }
  const Result<std::optional<Packet>> packet = reader_->Read();
  if (!packet.ok()) {
    End(packet.status());
  } else if (!*packet) {
    End(OkStatus());
  } else {
    pipes_[(*packet)->track].framer->Push(**packet);
    TakeUnits((*packet)->track);
  }
}

void FileSource::TakeUnits(size_t track) {
  for (;;) {
    Result<std::optional<FramedUnit>> unit = pipes_[track].framer->Pop();
    if (unit.ok() && !*unit) return;
    auto held = std::make_unique<Held>();
    held->track = track;
    if (unit.ok()) {
      held->unit = **std::move(unit);
      held->time = {held->unit.pts, held->unit.dts, held->unit.order};
    } else {
      held->error = unit.status();
    }
    held_bytes_ += held->unit.bytes.size();
    held_.push_back(std::move(held));
    if (held_.back()->error.ok()) pipes_[track].times->Add(&held_.back()->time);
  }
}

void FileSource::FlushTimes() {
  for (Track& pipe : pipes_) pipe.times->Flush();
}

void FileSource::End(Status status) {
  for (size_t track = 0; track < pipes_.size(); ++track) {
    pipes_[track].framer->Finish();
    TakeUnits(track);
  }
  FlushTimes();
  at_end_ = true;
  final_error_ = std::move(status);
}

Duration FileSource::DtsOf(const Held& held) const {
  return MediaToDuration(*held.time.dts, tracks_[held.track].timescale);
}

// The next unit of the same track that has its times.
const FileSource::Held* FileSource::NextOfFront() const {
  for (size_t i = 1; i < held_.size(); ++i) {
    if (held_[i]->track == held_.front()->track && held_[i]->time.timed) return held_[i].get();
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<MediaSource>> OpenMediaFile(const std::string& path,
                                                   const SourceOptions& options) {
  QuietAv();
  REEL_ASSIGN_OR_RETURN(const FileKind kind, FindFileKind(path));
  REEL_ASSIGN_OR_RETURN(std::unique_ptr<PacketReader> reader,
                        kind.container == FileKind::Container::kElementary
                            ? OpenElementary(path, kind.codec)
                            : OpenContainer(path, kind.container, options));
  auto source = std::make_unique<FileSource>(path, std::move(reader), options);
  REEL_RETURN_IF_ERROR(source->Begin());
  return std::unique_ptr<MediaSource>(std::move(source));
}

}  // namespace reel
