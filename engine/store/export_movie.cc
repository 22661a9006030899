#include "engine/store/export_movie.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "engine/media/export_clock.h"
#include "engine/media/mp4_sample_entry.h"

namespace reel {
namespace {

constexpr uint32_t kDefaultFramesPerSecond = 25;
constexpr int64_t kNsPerSecond = 1'000'000'000;

std::string NameOf(const TrackInfo& info) { return "track " + std::to_string(info.id.value); }

// Rounded down; by way of seconds, so that no product overflows.
int64_t Rescale(int64_t time, uint32_t from, uint32_t to) {
  if (from == to) return time;
  int64_t seconds = time / from;
  int64_t rest = time % from;
  if (rest < 0) {
    rest += from;
    --seconds;
  }
  return seconds * to + rest * to / from;
}

// A track on its way into the movie.
struct Track {
  TrackInfo info;
  std::vector<uint16_t> configs;  // in the order in which they come up
  std::map<uint16_t, uint16_t> entry_of_config;
  std::vector<Mp4SampleEntry> entries;
  std::optional<ExportClock> clock;
  Status undescribed;  // why no entry could be made of some configuration
  std::string left_out;
  uint8_t number = 0;  // in the movie
  bool any = false;    // units of it
  // Of a video track: up to its first clean point, and what an open GOP at the start shows before
  // it.
  bool clean_seen = false;
  bool leading_over = false;
  int64_t clean_pts = 0;
  bool has_clean = false;
  // In its own time.
  std::optional<int64_t> first_dts;
  int64_t shown_begin = std::numeric_limits<int64_t>::max();
  WallTime shown_begin_wall;
  int64_t shown_end = std::numeric_limits<int64_t>::min();
};

class Builder {
 public:
  Builder(const ExportStretch& stretch, std::span<const ExportConfig> configs,
          const ExportOptions& options)
      : stretch_(stretch), configs_(configs), options_(options) {}

  Result<ExportMovie> Build() {
    FindTracks();
    REEL_RETURN_IF_ERROR(DescribeTracks());
    AddSamples();
    AddEdits();
    out_.media_type = MediaType();
    return std::move(out_);
  }

 private:
  void FindTracks() {
    for (const ScannedUnit& unit : stretch_.units) {
      Track& track = tracks_[unit.track];
      const TrackInfo& info = *configs_[unit.config].Find(unit.track);
      if (!track.any) track.info = info;
      track.any = true;
      track.has_clean = track.has_clean || (unit.flags & kUnitClean) != 0;
      if (track.entry_of_config.try_emplace(unit.config, 0).second) {
        track.configs.push_back(unit.config);
      }
    }
  }

  Status DescribeTracks() {
    for (auto& [id, track] : tracks_) {
      if (const std::optional<std::string> why = WhyNotInMp4(track.info)) track.left_out = *why;
      if (track.left_out.empty()) MakeEntries(&track);
      if (track.left_out.empty() && track.entries.empty()) {
        if (track.info.kind == TrackKind::kVideo) {
          return FailedPrecondition(NameOf(track.info) + " cannot be written as MP4, which needs " +
                                    "its parameter sets (" + track.undescribed.message() +
                                    "); 'reel seek --out' writes it as a raw stream");
        }
        track.left_out = track.undescribed.message();
      }
      if (!track.left_out.empty()) {
        out_.notes.push_back(NameOf(track.info) + " left out: " + track.left_out);
        continue;
      }
      if (out_.tracks.size() == kMaxTracks) {
        return ResourceExhausted("there are too many tracks for one file");
      }
      AddTrack(&track);
    }
    if (out_.tracks.empty()) {
      return FailedPrecondition("there is no track that MP4 has a place for");
    }
    return OkStatus();
  }

  // Units that come before what describes them are described by what comes first.
  void MakeEntries(Track* track) {
    const bool in_band = std::any_of(track->configs.begin(), track->configs.end(),
                                     [&](uint16_t c) { return configs_[c].sets_in_band; });
    uint16_t last = 0;
    for (const uint16_t config : track->configs) {
      Result<Mp4SampleEntry> made =
          MakeMp4SampleEntry(*configs_[config].Find(track->info.id), in_band);
      if (made.ok()) {
        const auto known = std::find(track->entries.begin(), track->entries.end(), *made);
        last = static_cast<uint16_t>(known - track->entries.begin());
        if (known == track->entries.end()) track->entries.push_back(*std::move(made));
      } else {
        track->undescribed = made.status();
      }
      track->entry_of_config[config] = last;
    }
  }

  void AddTrack(Track* track) {
    track->number = static_cast<uint8_t>(out_.tracks.size());
    track->clock.emplace(track->info.timescale, Origin());
    Mp4Track mp4;
    mp4.kind = track->info.kind;
    mp4.timescale = track->info.timescale;
    mp4.width = std::min<uint32_t>(track->entries[0].width, 0xFFFF);
    mp4.height = std::min<uint32_t>(track->entries[0].height, 0xFFFF);
    for (const Mp4SampleEntry& entry : track->entries) mp4.entries.push_back(entry.box);
    out_.movie.tracks.push_back(std::move(mp4));
    out_.tracks.push_back(track->info);
  }

  // Where the samples' own times begin.
  WallTime Origin() const { return stretch_.units.front().wall; }

  void AddSamples() {
    out_.given = {kWallMax, kWallMin};
    for (const ScannedUnit& unit : stretch_.units) {
      Track& track = tracks_.at(unit.track);
      if (track.left_out.empty()) AddSample(unit, &track);
    }
    for (const auto& [id, track] : tracks_) {
      if (!track.left_out.empty()) continue;
      // The last step may lead over a gap.
      const int64_t step = track.clock->last_step();
      const uint32_t second = track.info.timescale;
      const uint32_t nominal = std::max<uint32_t>(second / kDefaultFramesPerSecond, 1);
      out_.movie.tracks[track.number].last_duration =
          step > 0 && step <= int64_t{second} ? static_cast<uint32_t>(step) : nominal;
    }
  }

  void AddSample(const ScannedUnit& unit, Track* track) {
    if (unit.run_begins) track->clock->BeginRun();
    const ExportClock::Times times = track->clock->Place(ViewOf(unit));
    constexpr int64_t kMaxDelay = std::numeric_limits<int32_t>::max();
    const bool is_video = track->info.kind == TrackKind::kVideo;
    const bool clean = (unit.flags & (kUnitClean | kUnitIntraRefresh)) == kUnitClean;
    Mp4Sample sample;
    sample.dts = times.dts;
    sample.delay = static_cast<int32_t>(std::clamp(times.pts - times.dts, -kMaxDelay, kMaxDelay));
    sample.size_bytes = unit.size_bytes - unit.skip_bytes;
    sample.entry = track->entry_of_config.at(unit.config);
    sample.track = track->number;
    sample.sync = !is_video || clean;
    sample.wall = unit.wall;
    const bool shown = IsShown(unit, times.pts, track);
    if (!track->first_dts) track->first_dts = times.dts;
    if (shown) NoteShown(times.pts, ShownAt(unit, *track), track);
    out_.movie.samples.push_back(sample);
    out_.sources.push_back(
        {unit.chunk, unit.crc32c, unit.index, unit.skip_bytes, unit.flags, shown});
  }

  void NoteShown(int64_t pts, WallTime at, Track* track) {
    if (pts < track->shown_begin) {
      track->shown_begin = pts;
      track->shown_begin_wall = at;
    }
    out_.given.begin = std::min(out_.given.begin, at);
    out_.given.end = std::max(out_.given.end, at);
  }

  static UnitView ViewOf(const ScannedUnit& unit) {
    return {unit.track, unit.flags, unit.pts, unit.dts, unit.wall, {}};
  }

  static WallTime ShownAt(const ScannedUnit& unit, const Track& track) {
    const int64_t delay = ExportClock::DelayOf(ViewOf(unit), track.info.timescale);
    return unit.wall + Duration{Rescale(delay, track.info.timescale, kNsPerSecond)};
  }

  // What cannot be decoded is hidden, and what is outside of the range.
  bool IsShown(const ScannedUnit& unit, int64_t pts, Track* track) const {
    bool decodes = true;
    if (track->info.kind == TrackKind::kVideo && track->has_clean && !track->leading_over) {
      const bool clean = (unit.flags & kUnitClean) != 0;
      if (!track->clean_seen && clean) {
        track->clean_seen = true;
        track->clean_pts = pts;
        track->leading_over = (unit.flags & kUnitOpenGop) == 0;
      } else if (track->clean_seen && clean) {
        track->leading_over = true;
      } else {
        decodes = track->clean_seen && pts >= track->clean_pts;
      }
    }
    const WallTime at = ShownAt(unit, *track);
    return decodes && at >= options_.range.begin && at < options_.range.end;
  }

  void AddEdits() {
    FindShownEnds();
    const Track* reference = nullptr;
    for (const auto& [id, track] : tracks_) {
      if (!track.left_out.empty() || track.shown_end <= track.shown_begin) continue;
      const bool is_video = track.info.kind == TrackKind::kVideo;
      const bool better =
          reference == nullptr || (is_video && reference->info.kind != TrackKind::kVideo);
      if (better) reference = &track;
    }
    out_.zeros.assign(out_.tracks.size(), 0);
    if (reference == nullptr) {
      // Nothing decodes within the range: all is shown, so that something can be seen.
      ShowAll();
      return;
    }
    out_.movie.timescale = reference->info.timescale;
    const int64_t zero = reference->shown_begin;
    for (auto& [id, track] : tracks_) {
      if (track.left_out.empty()) AddEdits(reference->info.timescale, zero, &track);
    }
    out_.movie.created = reference->shown_begin_wall;
  }

  void ShowAll() {
    out_.movie.created = Origin();
    for (ExportMovie::Source& source : out_.sources) source.shown = true;
    for (const auto& [id, track] : tracks_) {
      if (track.left_out.empty()) out_.zeros[track.number] = track.first_dts.value_or(0);
    }
    out_.given = {stretch_.units.front().wall, stretch_.units.back().wall};
  }

  void FindShownEnds() {
    std::vector<const Mp4Sample*> next(out_.tracks.size());
    std::vector<int64_t> ends(out_.tracks.size(), std::numeric_limits<int64_t>::min());
    for (size_t i = out_.movie.samples.size(); i-- > 0;) {
      const Mp4Sample& sample = out_.movie.samples[i];
      const Mp4Sample*& behind = next[sample.track];
      const int64_t duration = behind != nullptr ? behind->dts - sample.dts
                                                 : out_.movie.tracks[sample.track].last_duration;
      behind = &sample;
      if (!out_.sources[i].shown) continue;
      ends[sample.track] = std::max(ends[sample.track], sample.dts + sample.delay + duration);
    }
    for (auto& [id, track] : tracks_) {
      if (track.left_out.empty()) track.shown_end = ends[track.number];
    }
  }

  // `zero` is when the presentation begins, in `scale`.
  void AddEdits(uint32_t scale, int64_t zero, Track* track) {
    const uint32_t own = track->info.timescale;
    const int64_t begin = Rescale(zero, scale, own);
    out_.zeros[track->number] = begin;
    std::vector<Mp4Edit>& edits = out_.movie.tracks[track->number].edits;
    const bool any = track->shown_end > track->shown_begin;
    const int64_t first = track->first_dts.value_or(0);
    if (!any) {
      edits.push_back({Mp4Edit::kNothing, 1});  // all of it is hidden
      return;
    }
    // Sound is cut where the presentation begins; a picture is shown from its own beginning.
    const bool is_video = track->info.kind == TrackKind::kVideo;
    const int64_t from = is_video || first > begin ? std::max(track->shown_begin, begin) : begin;
    const int64_t wait = Rescale(from - begin, own, scale);
    if (wait > 0) edits.push_back({Mp4Edit::kNothing, static_cast<uint64_t>(wait)});
    const int64_t ticks = std::max<int64_t>(track->shown_end - from, 1);
    const int64_t shown = -Rescale(-ticks, own, scale);  // rounded up
    edits.push_back({from - first, static_cast<uint64_t>(shown)});
  }

  std::string MediaType() const {
    bool any_video = false;
    std::vector<std::string> codecs;
    for (const auto& [id, track] : tracks_) {
      if (!track.left_out.empty()) continue;
      any_video = any_video || track.info.kind == TrackKind::kVideo;
      for (const Mp4SampleEntry& entry : track.entries) {
        const bool known = std::find(codecs.begin(), codecs.end(), entry.codec) != codecs.end();
        if (!known) codecs.push_back(entry.codec);
      }
    }
    std::string text = any_video ? "video/mp4; codecs=\"" : "audio/mp4; codecs=\"";
    for (size_t i = 0; i < codecs.size(); ++i) text += (i > 0 ? "," : "") + codecs[i];
    return text + "\"";
  }

  const ExportStretch& stretch_;
  const std::span<const ExportConfig> configs_;
  const ExportOptions& options_;
  std::map<TrackId, Track> tracks_;
  ExportMovie out_;
};

}  // namespace

Result<ExportMovie> MakeExportMovie(const ExportStretch& stretch,
                                    std::span<const ExportConfig> configs,
                                    const ExportOptions& options) {
  Builder builder(stretch, configs, options);
  REEL_ASSIGN_OR_RETURN(ExportMovie movie, builder.Build());
  movie.movie.fragmented = options.fragmented;
  return movie;
}

}  // namespace reel
