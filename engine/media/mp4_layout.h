// An MP4 file computed from a list of samples: where every byte stands, without any byte of a
// sample. Any part of the file can be made on its own, in any order, and is the same every time.
//
//   whole file:  ftyp moov mdat[all samples]                    8-byte sizes and co64 beyond 4 GiB
//   fragmented:  ftyp moov (prft moof mdat[samples])... mfra    each fragment plays by itself
//
// A fragment begins at each sync sample of the reference track (the first of video, else the
// first), where a track's sample entry changes, and before it would hold more than
// kMaxFragmentSamples samples, kMaxFragmentBytes bytes or ten seconds.
// Thread rule: a value that does not change once made; any thread. Memory: the samples, and the
// headers of a whole file (some 20 bytes a sample) or 32 bytes a fragment.
// Source: ISO/IEC 14496-12.
#pragma once

#include "engine/media/mp4_header.h"
#include "engine/media/mp4_movie.h"
#include "reel/status.h"

namespace reel {

// A part of the file that comes from one place: headers, or the bytes of one sample.
struct Mp4Piece {
  uint64_t begin_bytes = 0;  // in the file
  uint64_t size_bytes = 0;
  bool is_sample = false;
  size_t index = 0;  // the sample's number, or the section whose header it is
};

class Mp4Layout {
 public:
  static constexpr size_t kMaxSamples = size_t{1} << 23;
  static constexpr size_t kMaxFragmentSamples = 1024;
  static constexpr uint64_t kMaxFragmentBytes = 16U << 20;
  // A sample lasts less than this many ticks: players take the field for a signed number.
  static constexpr int64_t kMaxDuration = (int64_t{1} << 31) - 1;

  // Fills in the samples' durations. InvalidArgument: a track, entry or timescale that is none, an
  // empty sample, a dts that falls or times beyond 2^60, a delay or an entry that does not fit.
  // ResourceExhausted: more than kMaxSamples. FailedPrecondition: two samples of a track are
  // further apart than kMaxDuration (fragments have no such limit: there the sample ends early).
  static Result<Mp4Layout> Plan(Mp4Movie movie);

  const Mp4Movie& movie() const { return movie_; }
  uint64_t size_bytes() const { return size_bytes_; }

  // What stands at this offset. REQUIRES: offset_bytes < size_bytes().
  Mp4Piece At(uint64_t offset_bytes) const;

  // Bytes [from, from + into.size()) of the header that `piece` is.
  void CopyHeader(const Mp4Piece& piece, uint64_t from_bytes, MutableByteSpan into) const;

 private:
  // A header and the samples behind it.
  struct Section {
    uint64_t begin_bytes = 0;
    uint32_t first = 0;
    uint32_t end = 0;
    uint32_t header_bytes = 0;
    static constexpr uint32_t kGenerated = 0xFFFF'FFFF;
    uint32_t stored = kGenerated;  // in headers_; else it is a fragment's, made when needed
  };
  static constexpr size_t kMarkEvery = 128;  // samples

  explicit Mp4Layout(Mp4Movie movie) : movie_(std::move(movie)) {}
  Status Check() const;
  Status FillDurations();
  void PlaceWhole();
  void PlaceFragments();
  std::vector<Mp4Fragment> CutFragments() const;
  void AddStored(Bytes header, size_t first, size_t end);
  void AddSection(Section section);
  Bytes FragmentHeader(size_t section) const;
  uint64_t PayloadBefore(size_t sample) const;

  Mp4Movie movie_;
  std::vector<int64_t> origins_;
  std::vector<uint64_t> marks_;  // payload bytes before each kMarkEvery-th sample
  std::vector<Section> sections_;
  std::vector<Bytes> headers_;
  uint64_t size_bytes_ = 0;
};

}  // namespace reel
