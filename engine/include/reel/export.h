// VirtualMp4: a range of a stream as an MP4 file that nobody wrote. Which byte stands where follows
// from the index and the unit tables of the chunks; a read fetches the units it touches, so any
// part can be had on its own, and a file of any size needs no room.
//
//   ExportOptions options;
//   options.range = {from, to};
//   REEL_ASSIGN_OR_RETURN(auto files, store.OpenExport(stream, options));
//   for each file: Read(0, ...), Read(n, ...) ... up to size_bytes()
//
// Nothing is coded anew: samples are the units as recorded, byte for byte, in the order recorded
// (AAC without its ADTS headers, as MP4 wants it). The same range of the same footage gives the
// same bytes, on whatever volume it lies: nothing of the machine, the program or the day goes in.
// Time. The file's time 0 is the first picture at or behind range.begin; what has to be decoded
// before it is in the file and hidden by an edit list, as is what an open GOP shows before it can
// be decoded. Creation time is the wall time of time 0 in whole seconds; a fragment carries its own
// in nanoseconds (prft); frame() has it for each. Missing time stays: the sample before it lasts
// until the next one. Time stamps that jump by over 10 s against the wall clock follow that.
// Parameter sets. Each set of them that a clean point brings has a sample entry of its own (avc1,
// hvc1; avc3, hev1 if only the units carry them); sets that change between clean points are in the
// units alone.
// Footage is that which is durable and indexed when it is opened.
// Thread rule: one thread at a time. Ownership: must not outlive the Store. It keeps no
// footage from being recycled between two calls; what is recycled meanwhile is NotFound on Read.
// Memory: some 40 bytes a unit, twice that while opening; 2^23 units at most (a day of pictures and
// sound). One chunk and 1 MiB while reading.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reel/index.h"
#include "reel/status.h"
#include "reel/time.h"
#include "reel/unit.h"

namespace reel {

enum class DamagePolicy : uint8_t {
  // What cannot be verified is an error that names it: on opening where it is a chunk's head, on
  // Read where it is a unit. Opening reads heads alone.
  kRefuse,
  // Left out, as a gap with its place in `damage`. Opening reads and verifies everything.
  kLeaveOut,
};

struct ExportOptions {
  WallRange range;          // half-open, by the units' wall time
  bool fragmented = false;  // fragmented MP4: can be played while it comes
  bool split = false;       // a file of its own behind each gap and for each change of codec
  bool extra_gop = false;   // one more GOP on either side, hidden: signatures may stand there
  DamagePolicy damage = DamagePolicy::kRefuse;
  // Works out each chunk's content id when it is read (SHA-256), for who will ask for all of them.
  bool content_ids = false;
};

// One sample.
struct ExportFrame {
  TrackId track;
  RunId run;
  UnitNumber unit;
  uint8_t flags = 0;  // UnitFlag
  bool shown = true;  // false: hidden by the edit list
  int64_t pts = 0;    // from the file's time 0, in the track's timescale
  int64_t dts = 0;
  WallTime time;  // when what it shows was captured: its wall time and what pts is behind dts
  uint32_t uncertainty_us = 0;
  uint32_t size_bytes = 0;
};

// Where some of the samples come from.
struct ExportChunk {
  VolumeNo volume;
  SegmentSerial serial;
  SegmentUid segment;
  uint64_t offset_bytes = 0;
  uint32_t chunk_bytes = 0;
  RunId run;
  UnitNumber first_unit;
  uint32_t unit_count = 0;
  WallTime begin;  // of its first and last unit
  WallTime end;
};

struct ExportInfo {
  StreamId stream;
  std::string name;
  WallRange asked;
  WallRange given;  // of the first and the last sample that is shown, by their wall time
  std::vector<TrackInfo> tracks;  // in the file, as they are at first
  std::vector<RunId> runs;
  std::vector<GapRow> gaps;         // between its first and last sample, with their cause
  std::vector<std::string> damage;  // kLeaveOut: what could not be verified
  std::vector<std::string> notes;   // what else is not in the file, and why
  std::vector<ExportChunk> chunks;
  uint64_t unit_bytes = 0;
};

class VirtualMp4 {
 public:
  virtual ~VirtualMp4() = default;

  virtual uint64_t size_bytes() const = 0;
  // "video/mp4; codecs=\"avc1.64001F,mp4a.40.2\"" (RFC 6381).
  virtual const std::string& media_type() const = 0;
  // SHA-256 over all that decides the bytes, the units' checksums included: files of the same
  // identity are the same. Lower-case hex: an ETag.
  virtual const std::string& identity() const = 0;
  virtual const ExportInfo& info() const = 0;

  virtual size_t frame_count() const = 0;
  virtual ExportFrame frame(size_t index) const = 0;  // in the order of the file

  // Fills `into` from `offset_bytes` on; how much, less than asked only at the end of the file.
  // Every byte of a unit has been verified. Errors name camera, time and place: DataLoss, NotFound
  // (recycled), Unavailable (the volume is away); FailedPrecondition: AAC frames of one track that
  // have ADTS headers and others that have none (kLeaveOut can do them).
  virtual Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) = 0;

  // The content id of info().chunks[chunk]. With ExportOptions::content_ids it is known once the
  // chunk has been read; else the chunk is read for it. Errors as Read.
  virtual Result<ContentId> ContentIdOf(size_t chunk) = 0;
};

}  // namespace reel
