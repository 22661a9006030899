// Writes units to an MP4 file without coding anything anew, for players and for handing out.
//
//   REEL_ASSIGN_OR_RETURN(std::unique_ptr<Mp4Writer> writer, Mp4Writer::Create(path));
//   REEL_RETURN_IF_ERROR(writer->SetTracks(tracks));
//   for each unit, in the order stored: writer->Write(unit); SetTracks() first where tracks change
//   REEL_RETURN_IF_ERROR(writer->Finish());
//
// Bytes: samples are the units as stored, behind 4-byte lengths, SEI and parameter sets included.
// ADTS headers of AAC are taken off, as MP4 wants it. Parameter sets that change on the way and are
// in no unit are put in front of the first unit they hold for; the sample entry is then avc3 or
// hev1, else avc1 or hvc1. A track MP4 has no place for is left out with a note. G.711 makes the
// file QuickTime's dialect of MP4, which has a place for it.
// Times: the first picture shown is at 0; what an open GOP at the start shows before it is hidden
// by an edit list, as it cannot be decoded. Missing time stays: the sample before it lasts until
// the next one. Time stamps that jump (by over 10 s against the wall clock) are replaced by the
// wall clock. The wall-clock time of the first unit is the file's creation time.
// Files: everything goes to `path` + ".partial", which takes the name `path` only in Finish() and
// is removed by the destructor before that. On a crash it stays behind and may be deleted.
// Bounds: holds the first units back, at most 256 or 32 MiB of them, to find out where time begins;
// MP4's index takes some 50 bytes of memory per unit until Finish().
// Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

struct Mp4Options {
  bool replace_existing = false;  // otherwise a file of that name is AlreadyExists
};

class Mp4Writer {
 public:
  static Result<std::unique_ptr<Mp4Writer>> Create(const std::string& path,
                                                   const Mp4Options& options = {});
  ~Mp4Writer();
  Mp4Writer(const Mp4Writer&) = delete;
  Mp4Writer& operator=(const Mp4Writer&) = delete;

  // What holds for the units that follow. The first call says which tracks there are; later ones
  // may change their configuration. Unimplemented: a new track or another codec later on, for which
  // another file must be begun. InvalidArgument: a track that makes no sense.
  Status SetTracks(std::span<const TrackInfo> tracks);

  // The units that follow are of another run: their time stamps begin anew, so the wall clock says
  // where they belong.
  void BeginRun();

  // InvalidArgument: no such track, or bytes that are no unit; the writer can go on. All other
  // errors are final: FailedPrecondition (no parameter sets for a video track), ResourceExhausted
  // (disk full), Unavailable (cannot be written).
  Status Write(const UnitView& unit);

  // Completes the file; it is on disk under its name when this returns OK. To be called once.
  // FailedPrecondition: nothing has been written.
  Status Finish();

  // What is not in the file, and why. Complete after Finish().
  const std::vector<std::string>& notes() const;

 private:
  class Impl;
  explicit Mp4Writer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace reel
