#include "engine/av/mp4_writer.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "engine/av/capture_clock.h"
#include "engine/av/mp4_muxer.h"
#include "engine/av/mp4_track.h"
#include "engine/av/unit_times.h"

namespace reel {
namespace {

constexpr size_t kMaxHeldUnits = 256;
constexpr size_t kMaxHeldBytes = 32U << 20;

// Shared by the units it held for, while they wait.
using InfoPtr = std::shared_ptr<const TrackInfo>;

// A unit waiting for the file to begin.
struct Held {
  InfoPtr info;
  UnitView unit;  // of `bytes`
  Bytes bytes;
  bool begins_run = false;
};

std::string NameOf(const TrackInfo& info) { return "track " + std::to_string(info.id.value); }

Status CheckTrack(const TrackInfo& info) {
  constexpr auto kMaxTimescale = static_cast<uint32_t>(std::numeric_limits<int>::max());
  if (info.timescale != 0 && info.timescale <= kMaxTimescale) return OkStatus();
  return InvalidArgument(NameOf(info) + ": timescale " + std::to_string(info.timescale));
}

bool IsSameMedia(const TrackInfo& a, const TrackInfo& b) {
  return a.kind == b.kind && a.codec == b.codec && a.timescale == b.timescale;
}

}  // namespace

class Mp4Writer::Impl {
 public:
  explicit Impl(const std::string& path) : muxer_(path) {}

  Status Open() { return muxer_.Open(); }
  Status SetTracks(std::span<const TrackInfo> tracks);
  void BeginRun();
  Status Write(const UnitView& unit);
  Status Finish();
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Track {
    InfoPtr info;
    bool left_out = false;
    bool run_begins = false;
    size_t held = 0;
    size_t stream = 0;                // in the file, once begun
    std::optional<Mp4Track> samples;  // once begun
  };

  Status SetTrack(const TrackInfo& info);
  bool CanBegin() const;
  Result<Mp4Stream> Describe(const Track& track) const;
  bool ShowsLeadingPictures() const;
  WallTime FindStart(bool edit_lists) const;
  Result<std::vector<Mp4Stream>> AddStreams(WallTime start);
  Status Begin();
  Status WriteSample(const UnitView& unit, const TrackInfo& info, bool begins_run, Track* track);
  void LeaveOut(Track* track, const std::string& why);

  Mp4Muxer muxer_;
  std::map<TrackId, Track> tracks_;
  std::vector<Held> held_;
  size_t held_bytes_ = 0;
  bool begun_ = false;
  Status failed_;  // the first final error
  std::vector<std::string> notes_;
};

Status Mp4Writer::Impl::SetTracks(std::span<const TrackInfo> tracks) {
  for (const TrackInfo& info : tracks) REEL_RETURN_IF_ERROR(CheckTrack(info));
  for (const TrackInfo& info : tracks) REEL_RETURN_IF_ERROR(SetTrack(info));
  return OkStatus();
}

Status Mp4Writer::Impl::SetTrack(const TrackInfo& info) {
  const auto known = tracks_.find(info.id);
  if (known != tracks_.end()) {
    if (!IsSameMedia(*known->second.info, info)) {
      return Unimplemented(NameOf(info) + " changes its codec or clock within the range: export " +
                           "what is before and behind as two files");
    }
    if (*known->second.info != info) known->second.info = std::make_shared<TrackInfo>(info);
    return OkStatus();
  }
  if (begun_) {
    return Unimplemented(NameOf(info) + " begins within the range: export what is before and " +
                         "behind as two files");
  }
  Track& track = tracks_[info.id];
  track.info = std::make_shared<TrackInfo>(info);
  if (const std::optional<std::string> why = Mp4Track::WhyNot(info)) LeaveOut(&track, *why);
  return OkStatus();
}

void Mp4Writer::Impl::LeaveOut(Track* track, const std::string& why) {
  track->left_out = true;
  notes_.push_back(NameOf(*track->info) + " left out: " + why);
}

void Mp4Writer::Impl::BeginRun() {
  for (auto& [id, track] : tracks_) track.run_begins = true;
}

Status Mp4Writer::Impl::Write(const UnitView& unit) {
  REEL_RETURN_IF_ERROR(failed_);
  const auto found = tracks_.find(unit.track);
  if (found == tracks_.end()) {
    return InvalidArgument("no track " + std::to_string(unit.track.value) + " has been set");
  }
  Track& track = found->second;
  if (track.left_out) return OkStatus();
  REEL_RETURN_IF_ERROR(Mp4Track::CheckUnit(*track.info, unit.bytes));
  const bool begins_run = std::exchange(track.run_begins, false);
  if (begun_) return failed_ = WriteSample(unit, *track.info, begins_run, &track);
  held_.push_back({track.info, unit, Bytes(unit.bytes.begin(), unit.bytes.end()), begins_run});
  held_.back().unit.bytes = held_.back().bytes;
  held_bytes_ += unit.bytes.size();
  ++track.held;
  const bool full = held_.size() >= kMaxHeldUnits || held_bytes_ >= kMaxHeldBytes;
  if (full || CanBegin()) failed_ = Begin();
  return failed_;
}

// Enough is known when each video track can be described and shown its reordering.
bool Mp4Writer::Impl::CanBegin() const {
  bool any_video = false;
  for (const auto& [id, track] : tracks_) {
    if (track.left_out || track.info->kind != TrackKind::kVideo) continue;
    any_video = true;
    if (track.held <= kMaxReorder || !Describe(track).ok()) return false;
  }
  return any_video;
}

// By the first configuration there is: a track may begin with units before its parameter sets.
Result<Mp4Stream> Mp4Writer::Impl::Describe(const Track& track) const {
  for (const Held& held : held_) {
    if (held.info->id != track.info->id) continue;
    Result<Mp4Stream> stream = Mp4Track::Describe(*held.info);
    if (stream.ok()) return stream;
  }
  return Mp4Track::Describe(*track.info);
}

// Pictures shown before the first one decoded that can be decoded without what came before it.
bool Mp4Writer::Impl::ShowsLeadingPictures() const {
  for (const auto& [id, track] : tracks_) {
    if (track.info->kind != TrackKind::kVideo) continue;
    const UnitView* first = nullptr;
    for (const Held& held : held_) {
      if (held.info->id != id) continue;
      if (first == nullptr) first = &held.unit;
      const bool is_leading = held.unit.pts < first->pts && held.unit.dts > first->dts;
      if (is_leading && (first->flags & kUnitOpenGop) == 0) return true;
    }
  }
  return false;
}

// With edit lists, the wall time at which the first track begins to be shown; else, to be decoded.
WallTime Mp4Writer::Impl::FindStart(bool edit_lists) const {
  WallTime start = kWallMax;
  for (const auto& [id, track] : tracks_) {
    for (const Held& held : held_) {
      if (held.info->id != id) continue;
      const int64_t delay = edit_lists ? ExportClock::DelayOf(held.unit, held.info->timescale) : 0;
      start = std::min(start, held.unit.wall + MediaToDuration(delay, held.info->timescale));
      break;
    }
  }
  return start;
}

Result<std::vector<Mp4Stream>> Mp4Writer::Impl::AddStreams(WallTime start) {
  std::vector<Mp4Stream> streams;
  for (auto& [id, track] : tracks_) {
    if (track.left_out) continue;
    Result<Mp4Stream> stream = Describe(track);
    if (!stream.ok()) {
      const bool needed = track.held > 0 && track.info->kind == TrackKind::kVideo;
      if (needed) return stream.status();
      LeaveOut(&track, stream.status().message());
      continue;
    }
    track.stream = streams.size();
    track.samples.emplace(stream->info, start);
    streams.push_back(*std::move(stream));
  }
  if (streams.empty()) return FailedPrecondition("there is no track that MP4 has a place for");
  return streams;
}

Status Mp4Writer::Impl::Begin() {
  const bool edit_lists = !ShowsLeadingPictures();
  const WallTime start = FindStart(edit_lists);
  REEL_ASSIGN_OR_RETURN(const std::vector<Mp4Stream> streams, AddStreams(start));
  REEL_RETURN_IF_ERROR(muxer_.Begin(streams, start, edit_lists));
  begun_ = true;
  for (const Held& held : std::exchange(held_, {})) {
    Track& track = tracks_[held.info->id];
    if (track.left_out) continue;
    REEL_RETURN_IF_ERROR(WriteSample(held.unit, *held.info, held.begins_run, &track));
  }
  return OkStatus();
}

Status Mp4Writer::Impl::WriteSample(const UnitView& unit, const TrackInfo& info, bool begins_run,
                                    Track* track) {
  if (begins_run) track->samples->BeginRun();
  REEL_ASSIGN_OR_RETURN(Mp4Sample sample, track->samples->MakeSample(unit, info));
  sample.stream = track->stream;
  return muxer_.Write(sample);
}

Status Mp4Writer::Impl::Finish() {
  REEL_RETURN_IF_ERROR(failed_);
  if (!begun_ && held_.empty()) return FailedPrecondition("there is nothing to write");
  if (!begun_) REEL_RETURN_IF_ERROR(Begin());
  std::vector<bool> in_band;
  for (const auto& [id, track] : tracks_) {
    if (!track.left_out) in_band.push_back(track.samples->in_band());
  }
  return muxer_.Finish(in_band);
}

Result<std::unique_ptr<Mp4Writer>> Mp4Writer::Create(const std::string& path,
                                                     const Mp4Options& options) {
  QuietAv();
  if (!options.replace_existing && access(path.c_str(), F_OK) == 0) {
    return AlreadyExists(path + ": there already; choose another name or replace it explicitly");
  }
  auto impl = std::make_unique<Impl>(path);
  REEL_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<Mp4Writer>(new Mp4Writer(std::move(impl)));
}

Mp4Writer::Mp4Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Mp4Writer::~Mp4Writer() = default;

Status Mp4Writer::SetTracks(std::span<const TrackInfo> tracks) { return impl_->SetTracks(tracks); }
void Mp4Writer::BeginRun() { impl_->BeginRun(); }
Status Mp4Writer::Write(const UnitView& unit) { return impl_->Write(unit); }
Status Mp4Writer::Finish() { return impl_->Finish(); }
const std::vector<std::string>& Mp4Writer::notes() const { return impl_->notes(); }

}  // namespace reel
