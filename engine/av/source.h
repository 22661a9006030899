// Reads a media file as what a camera would have delivered: its tracks and their access units, in
// decode order.
//
//   REEL_ASSIGN_OR_RETURN(std::unique_ptr<MediaSource> source, OpenMediaFile(path));
//   for (;;) {
//     Result<std::optional<SourceUnit>> unit = source->Next();
//     if (unit.status().code() == Code::kInvalidArgument) continue;  // that unit was left out
//     if (!unit.ok()) return unit.status();
//     if (!*unit) break;  // the end; notes() says what was wrong with the file
//     ...
//   }
//
// Files: MP4 (fragmented or not), MKV, MPEG-TS, and raw H.264 or H.265 (Annex B). What a file is
// is found out from its bytes; its name decides only where they do not say.
// Bytes: NAL units come out as they went in, in the order they stood there, each behind a 4-byte
// length; nothing is decoded. Parameter sets a container holds apart are in TrackInfo::config only.
// AAC from MPEG-TS keeps its ADTS headers.
// Times: never a reason to refuse a unit. What a file lacks is derived: dts from the order of the
// units, both times of a raw file from its picture order and frame rate. They are in one clock for
// all tracks, edit lists applied as a shift; nothing an edit list hides is left out.
// Flags come from the bytes (engine/media/clean_point.h), never from a container's key flag. Audio
// and data have none but kUnitLossBefore.
// Order: decode order within a track, decode time across tracks, however the file interleaves them.
// Bounds: holds back at most 1024 units or 64 MiB of them to find out their times and order, and a
// little more than one unit being read.
// Thread rule: one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reel/status.h"
#include "reel/time.h"
#include "reel/unit.h"

namespace reel {

struct SourceOptions {
  // A track in a codec Reel does not keep is an error; otherwise it is left out with a note.
  bool refuse_other_codecs = false;
  // Of a raw file that does not state its own rate. 1..240.
  uint32_t frames_per_second = 25;
};

struct SourceUnit {
  TrackId track;
  uint8_t flags = 0;  // UnitFlag
  int64_t pts = 0;    // in the track's timescale; may be negative
  int64_t dts = 0;
  // How long after the first unit it was captured. Never falls, over all tracks: a clock that jumps
  // back in the file goes on from where it was, a lone absurd time stamp moves nothing.
  Duration offset{};
  ByteSpan bytes;  // 1..kMaxUnitBytes, valid until the next call of Next()
  // Set if the track's parameters change with this unit.
  std::optional<TrackInfo> track_change;
};

class MediaSource {
 public:
  virtual ~MediaSource() = default;
  MediaSource(const MediaSource&) = delete;
  MediaSource& operator=(const MediaSource&) = delete;

  // 1..kMaxTracks tracks, ids from 0. At first as they are at the first unit; each change is in
  // here as soon as the unit it comes with has been handed out.
  virtual const std::vector<TrackInfo>& tracks() const = 0;

  // The next unit; nullopt at the end. InvalidArgument stands for one unit that was left out, the
  // message naming it and why (over kMaxUnitBytes, NAL lengths that do not add up); the next call
  // goes on behind it. Any other error is final and comes again.
  virtual Result<std::optional<SourceUnit>> Next() = 0;

  // What the user should know: tracks left out, a file cut short. Complete at the end.
  virtual const std::vector<std::string>& notes() const = 0;

 protected:
  MediaSource() = default;
};

// Errors, in one line that says what to do: NotFound (no such file), InvalidArgument (not a regular
// file, empty, not a media file, nothing in it that Reel keeps), Unimplemented
// (options.refuse_other_codecs), Unavailable (cannot be read).
Result<std::unique_ptr<MediaSource>> OpenMediaFile(const std::string& path,
                                                   const SourceOptions& options = {});

// Media that comes through a pipe, read once from front to back: MPEG-TS, MKV, fragmented MP4, MP4
// whose index stands in front, or raw H.264 or H.265. `fd` stays the caller's and outlives the
// source; `name` is what errors call it; `stopped` is asked while nothing comes.
// Errors: as above, and Cancelled when `stopped` said so, here and from Next.
Result<std::unique_ptr<MediaSource>> OpenMediaPipe(int fd, const std::string& name,
                                                   std::function<bool()> stopped,
                                                   const SourceOptions& options = {});

}  // namespace reel
