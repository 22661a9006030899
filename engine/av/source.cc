#include "engine/av/source.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "engine/av/av_handle.h"
#include "engine/av/capture_clock.h"
#include "engine/av/container_reader.h"
#include "engine/av/elementary_reader.h"
#include "engine/av/file_kind.h"
#include "engine/av/pipe_input.h"
#include "engine/av/unit_framer.h"
#include "engine/av/unit_times.h"

namespace reel {
namespace {

constexpr size_t kMaxHeldUnits = 1024;
constexpr size_t kMaxHeldBytes = 64U << 20;
// How far apart in a file what belongs together may stand. FFmpeg's MP4 demuxer alone brings tracks
// up to one second out of step, to read the file from front to back.
constexpr Duration kInterleave = std::chrono::seconds(2);

// Packets become units (UnitFramer), units get times (UnitTimes) while they wait in the queue of
// their track, and the queues are merged by decode time.
class FileSource final : public MediaSource {
 public:
  // `pipe`: what the reader reads, if that is no file.
  FileSource(std::string path, std::unique_ptr<PacketReader> reader, const SourceOptions& options,
             std::unique_ptr<PipeInput> pipe = nullptr);

  // Reads as far as the first unit, so that tracks() can say what it changes.
  Status Begin();

  const std::vector<TrackInfo>& tracks() const override { return tracks_; }
  const std::vector<std::string>& notes() const override { return reader_->notes(); }
  Result<std::optional<SourceUnit>> Next() override;

 private:
  // A unit, or the error that stands for one.
  struct Held {
    uint64_t serial = 0;  // as it came, over all tracks
    Status error;
    FramedUnit unit;
    UnitTime time;
  };
  struct Queue {
    std::unique_ptr<UnitFramer> framer;
    std::unique_ptr<UnitTimes> times;
    std::deque<std::unique_ptr<Held>> held;  // UnitTimes points into them
  };

  // The track whose first unit held is the next to hand out; nullopt if more must be read to know.
  std::optional<size_t> NextTrack() const;
  std::optional<size_t> EarliestTrack() const;
  std::optional<size_t> OldestTrack() const;
  bool IsFull() const { return held_units_ >= kMaxHeldUnits || held_bytes_ >= kMaxHeldBytes; }
  bool IsSettled(size_t track) const;
  std::optional<Duration> TimeOf(size_t track, size_t index) const;
  void ReadMore();
  void TakeUnits(size_t track);
  void FlushTimes();
  void End(Status status);
  SourceUnit HandOut(size_t track, Held held, Duration offset);

  std::string path_;
  std::unique_ptr<PipeInput> pipe_;  // outlives the reader
  std::unique_ptr<PacketReader> reader_;
  std::vector<TrackInfo> tracks_;
  std::vector<Queue> queues_;  // one per track
  CaptureClock clock_;
  uint64_t next_serial_ = 0;
  size_t held_units_ = 0;
  size_t held_bytes_ = 0;
  Duration newest_{std::numeric_limits<int64_t>::min()};  // the latest time held so far
  bool at_end_ = false;
  Status final_error_;
  Bytes bytes_;  // of the unit handed out last
};

FileSource::FileSource(std::string path, std::unique_ptr<PacketReader> reader,
                       const SourceOptions& options, std::unique_ptr<PipeInput> pipe)
    : path_(std::move(path)),
      pipe_(std::move(pipe)),
      reader_(std::move(reader)),
      clock_(reader_->tracks().size()) {
  const uint32_t rate = std::clamp<uint32_t>(options.frames_per_second, 1, 240);
  for (const PacketTrack& track : reader_->tracks()) {
    tracks_.push_back(track.info);
    queues_.push_back({MakeUnitFramer(track, rate), MakeUnitTimes(track), {}});
  }
}

Status FileSource::Begin() {
  while (!NextTrack() && !at_end_) ReadMore();
  REEL_RETURN_IF_ERROR(final_error_);
  const Status* first_error = nullptr;
  bool any = false;
  for (size_t track = 0; track < queues_.size(); ++track) {
    for (const std::unique_ptr<Held>& held : queues_[track].held) {
      if (!held->error.ok()) {
        first_error = &held->error;
        continue;
      }
      any = true;
      if (held->unit.track_change) {
        tracks_[track] = *std::exchange(held->unit.track_change, std::nullopt);
      }
      break;
    }
  }
  if (any || !at_end_) return OkStatus();
  const std::string why = first_error == nullptr ? "" : " (" + first_error->message() + ")";
  return InvalidArgument(path_ + ": holds no picture or sound that can be read" + why +
                         "; check the file with ffprobe");
}

Result<std::optional<SourceUnit>> FileSource::Next() {
  std::optional<size_t> track = NextTrack();
  for (; !track && !at_end_; track = NextTrack()) ReadMore();
  if (!track) {
    REEL_RETURN_IF_ERROR(final_error_);
    return std::optional<SourceUnit>();
  }
  const std::optional<Duration> next = TimeOf(*track, 1);
  std::deque<std::unique_ptr<Held>>& queue = queues_[*track].held;
  const std::unique_ptr<Held> front = std::move(queue.front());
  queue.pop_front();
  --held_units_;
  held_bytes_ -= front->unit.bytes.size();
  if (!front->error.ok()) return front->error.WithContext(path_);
  const Duration dts = MediaToDuration(*front->time.dts, tracks_[*track].timescale);
  return std::optional(HandOut(*track, std::move(*front), clock_.Advance(*track, dts, next)));
}

SourceUnit FileSource::HandOut(size_t track, Held held, Duration offset) {
  bytes_ = std::move(held.unit.bytes);
  if (held.unit.track_change) tracks_[track] = *held.unit.track_change;
  return {.track = tracks_[track].id,
          .flags = held.unit.flags,
          .pts = *held.time.pts,
          .dts = *held.time.dts,
          .offset = offset,
          .bytes = bytes_,
          .track_change = std::move(held.unit.track_change)};
}

std::optional<Duration> FileSource::TimeOf(size_t track, size_t index) const {
  const std::deque<std::unique_ptr<Held>>& queue = queues_[track].held;
  if (index >= queue.size() || !queue[index]->time.timed) return std::nullopt;
  return MediaToDuration(*queue[index]->time.dts, tracks_[track].timescale);
}

std::optional<size_t> FileSource::NextTrack() const {
  for (size_t track = 0; track < queues_.size(); ++track) {
    const Queue& queue = queues_[track];
    if (!queue.held.empty() && !queue.held.front()->error.ok()) return track;
  }
  if (IsFull()) return OldestTrack();
  const std::optional<size_t> earliest = EarliestTrack();
  if (!earliest || at_end_) return earliest;
  for (size_t track = 0; track < queues_.size(); ++track) {
    const bool waits = track != *earliest && !TimeOf(track, 0);
    if (!waits) continue;
    const bool is_untimed = !queues_[track].held.empty();
    if (is_untimed || newest_ - *TimeOf(*earliest, 0) < kInterleave) return std::nullopt;
  }
  return IsSettled(*earliest) ? earliest : std::nullopt;
}

std::optional<size_t> FileSource::EarliestTrack() const {
  std::optional<size_t> earliest;
  for (size_t track = 0; track < queues_.size(); ++track) {
    const std::optional<Duration> time = TimeOf(track, 0);
    if (time && (!earliest || *time < *TimeOf(*earliest, 0))) earliest = track;
  }
  return earliest;
}

// Nobody waits for ever, whatever the clocks of the tracks say.
std::optional<size_t> FileSource::OldestTrack() const {
  std::optional<size_t> oldest;
  uint64_t oldest_serial = next_serial_;
  for (size_t track = 0; track < queues_.size(); ++track) {
    if (!TimeOf(track, 0) || queues_[track].held.front()->serial >= oldest_serial) continue;
    oldest = track;
    oldest_serial = queues_[track].held.front()->serial;
  }
  return oldest;
}

bool FileSource::IsSettled(size_t track) const {
  return !clock_.NeedsNext(track, *TimeOf(track, 0)) || TimeOf(track, 1).has_value();
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
    queues_[(*packet)->track].framer->Push(**packet);
    TakeUnits((*packet)->track);
  }
}

void FileSource::TakeUnits(size_t track) {
  Queue& queue = queues_[track];
  for (;;) {
    Result<std::optional<FramedUnit>> unit = queue.framer->Pop();
    if (unit.ok() && !*unit) return;
    auto held = std::make_unique<Held>();
    held->serial = next_serial_++;
    if (unit.ok()) {
      held->unit = **std::move(unit);
      held->time = {held->unit.pts, held->unit.dts, held->unit.order};
    } else {
      held->error = unit.status();
    }
    ++held_units_;
    held_bytes_ += held->unit.bytes.size();
    queue.held.push_back(std::move(held));
    if (!queue.held.back()->error.ok()) continue;
    queue.times->Add(&queue.held.back()->time);
    if (const auto time = TimeOf(track, queue.held.size() - 1)) newest_ = std::max(newest_, *time);
  }
}

void FileSource::FlushTimes() {
  for (Queue& queue : queues_) queue.times->Flush();
}

void FileSource::End(Status status) {
  for (size_t track = 0; track < queues_.size(); ++track) {
    queues_[track].framer->Finish();
    TakeUnits(track);
  }
  FlushTimes();
  at_end_ = true;
  final_error_ = std::move(status);
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

Result<std::unique_ptr<MediaSource>> OpenMediaPipe(int fd, const std::string& name,
                                                   std::function<bool()> stopped,
                                                   const SourceOptions& options) {
  QuietAv();
  auto pipe = std::make_unique<PipeInput>(fd, std::move(stopped));
  REEL_ASSIGN_OR_RETURN(const ByteSpan head, pipe->Head());
  REEL_ASSIGN_OR_RETURN(const FileKind kind, FindKindOf(head, name));
  std::unique_ptr<PacketReader> reader;
  if (kind.container == FileKind::Container::kElementary) {
    reader = ElementaryOf(*pipe, kind.codec);
  } else {
    REEL_ASSIGN_OR_RETURN(reader, ContainerOf(*pipe, name, kind.container, options));
  }
  auto source = std::make_unique<FileSource>(name, std::move(reader), options, std::move(pipe));
  REEL_RETURN_IF_ERROR(source->Begin());
  return std::unique_ptr<MediaSource>(std::move(source));
}

}  // namespace reel
