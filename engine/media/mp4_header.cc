#include "engine/media/mp4_header.h"

#include <algorithm>
#include <array>

#include "engine/media/mp4_tables.h"

namespace reel {
namespace {

constexpr std::array<uint32_t, 9> kUnityMatrix = {1U << 16, 0, 0, 0, 1U << 16, 0, 0, 0, 1U << 30};
constexpr uint32_t kUndetermined = 0x55C4;  // language "und"

// Seconds since 1904; 0, "not known", for what is before.
uint64_t Mp4Seconds(WallTime time) {
  constexpr int64_t kFrom1904To1970 = 2'082'844'800;
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  int64_t seconds = time.ns / kNsPerSecond;
  if (time.ns % kNsPerSecond < 0) --seconds;
  return static_cast<uint64_t>(std::max<int64_t>(seconds + kFrom1904To1970, 0));
}

void PutMatrix(BoxWriter* out) {
  for (const uint32_t value : kUnityMatrix) out->Put32(value);
}

struct TrackTotals {
  uint64_t media = 0;         // in the track's timescale
  uint64_t presentation = 0;  // in the movie's
};

std::vector<TrackTotals> TotalsOf(const Mp4Movie& movie) {
  std::vector<TrackTotals> totals(movie.tracks.size());
  for (const Mp4Sample& sample : movie.samples) totals[sample.track].media += sample.duration;
  for (size_t i = 0; i < totals.size(); ++i) {
    const Mp4Track& track = movie.tracks[i];
    for (const Mp4Edit& edit : track.edits) totals[i].presentation += edit.duration;
    if (track.edits.empty()) {
      const uint64_t seconds = totals[i].media / track.timescale;
      const uint64_t rest = totals[i].media % track.timescale;
      totals[i].presentation = seconds * movie.timescale + rest * movie.timescale / track.timescale;
    }
  }
  return totals;
}

void PutMvhd(const Mp4Movie& movie, uint64_t duration, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull("mvhd", 1, 0);
  out->Put64(Mp4Seconds(movie.created));
  out->Put64(Mp4Seconds(movie.created));
  out->Put32(movie.timescale);
  out->Put64(duration);
  out->Put32(1U << 16);  // rate
  out->Put16(1U << 8);   // volume
  out->PutZeros(10);
  PutMatrix(out);
  out->PutZeros(24);
  out->Put32(movie.tracks.size() + 1);  // next track id
}

void PutTkhd(const Mp4Movie& movie, size_t index, uint64_t duration, BoxWriter* out) {
  constexpr uint32_t kEnabledInMovie = 3;
  const Mp4Track& track = movie.tracks[index];
  const bool is_video = track.kind == TrackKind::kVideo;
  const BoxWriter::Box box = out->BeginFull("tkhd", 1, kEnabledInMovie);
  out->Put64(Mp4Seconds(movie.created));
  out->Put64(Mp4Seconds(movie.created));
  out->Put32(index + 1);  // track id
  out->PutZeros(4);
  out->Put64(duration);
  out->PutZeros(8 + 2);
  out->Put16(is_video ? 0 : 1);  // alternate group
  out->Put16(is_video ? 0 : 1U << 8);
  out->PutZeros(2);
  PutMatrix(out);
  out->Put32(uint64_t{track.width} << 16);
  out->Put32(uint64_t{track.height} << 16);
}

void PutEdits(const Mp4Track& track, BoxWriter* out) {
  if (track.edits.empty()) return;
  const BoxWriter::Box box = out->Begin("edts");
  const BoxWriter::Box list = out->BeginFull("elst", 1, 0);
  out->Put32(track.edits.size());
  for (const Mp4Edit& edit : track.edits) {
    out->Put64(edit.duration);
    out->PutSigned64(edit.media_time);
    out->Put32(1U << 16);  // rate
  }
}

void PutMdhd(const Mp4Movie& movie, const Mp4Track& track, uint64_t duration, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull("mdhd", 1, 0);
  out->Put64(Mp4Seconds(movie.created));
  out->Put64(Mp4Seconds(movie.created));
  out->Put32(track.timescale);
  out->Put64(duration);
  out->Put16(kUndetermined);
  out->Put16(0);
}

void PutHandler(const Mp4Track& track, BoxWriter* out) {
  const bool is_video = track.kind == TrackKind::kVideo;
  const BoxWriter::Box box = out->BeginFull("hdlr", 0, 0);
  out->PutZeros(4);
  out->PutText(is_video ? "vide" : "soun");
  out->PutZeros(12);
  out->PutText(is_video ? "VideoHandler" : "SoundHandler");
  out->Put8(0);
}

void PutMinf(const Mp4Movie& movie, size_t index, const Mp4DataPlace* data, BoxWriter* out) {
  const Mp4Track& track = movie.tracks[index];
  const BoxWriter::Box box = out->Begin("minf");
  if (track.kind == TrackKind::kVideo) {
    const BoxWriter::Box head = out->BeginFull("vmhd", 0, 1);
    out->PutZeros(8);
  } else {
    const BoxWriter::Box head = out->BeginFull("smhd", 0, 0);
    out->PutZeros(4);
  }
  {
    const BoxWriter::Box dinf = out->Begin("dinf");
    const BoxWriter::Box dref = out->BeginFull("dref", 0, 0);
    out->Put32(1);
    const BoxWriter::Box url = out->BeginFull("url ", 0, 1);  // in this file
  }
  PutMp4SampleTable(movie, index, data, out);
}

void PutTrak(const Mp4Movie& movie, size_t index, const TrackTotals& totals,
             const Mp4DataPlace* data, BoxWriter* out) {
  const Mp4Track& track = movie.tracks[index];
  const BoxWriter::Box box = out->Begin("trak");
  PutTkhd(movie, index, data != nullptr ? totals.presentation : 0, out);
  PutEdits(track, out);
  const BoxWriter::Box mdia = out->Begin("mdia");
  PutMdhd(movie, track, data != nullptr ? totals.media : 0, out);
  PutHandler(track, out);
  PutMinf(movie, index, data, out);
}

void PutMvex(const Mp4Movie& movie, uint64_t duration, BoxWriter* out) {
  const BoxWriter::Box box = out->Begin("mvex");
  {
    const BoxWriter::Box mehd = out->BeginFull("mehd", 1, 0);
    out->Put64(duration);
  }
  for (size_t i = 0; i < movie.tracks.size(); ++i) {
    const BoxWriter::Box trex = out->BeginFull("trex", 0, 0);
    out->Put32(i + 1);
    out->Put32(1);      // sample entry
    out->PutZeros(12);  // duration, size, flags: each fragment states its own
  }
}

}  // namespace

void PutMp4FileType(const Mp4Movie& movie, BoxWriter* out) {
  const BoxWriter::Box box = out->Begin("ftyp");
  out->PutText(movie.fragmented ? "iso6" : "isom");
  out->Put32(0);
  for (const char* brand : {"isom", "iso4", "iso6", "mp41"}) out->PutText(brand);
}

void PutMp4Moov(const Mp4Movie& movie, const Mp4DataPlace* data, BoxWriter* out) {
  const std::vector<TrackTotals> totals = TotalsOf(movie);
  uint64_t duration = 0;
  for (const TrackTotals& track : totals) duration = std::max(duration, track.presentation);
  const BoxWriter::Box box = out->Begin("moov");
  PutMvhd(movie, data != nullptr ? duration : 0, out);
  for (size_t i = 0; i < movie.tracks.size(); ++i) PutTrak(movie, i, totals[i], data, out);
  if (data == nullptr) PutMvex(movie, duration, out);
}

std::vector<int64_t> Mp4Origins(const Mp4Movie& movie) {
  std::vector<int64_t> origins(movie.tracks.size());
  std::vector<bool> known(movie.tracks.size());
  for (const Mp4Sample& sample : movie.samples) {
    if (known[sample.track]) continue;
    known[sample.track] = true;
    origins[sample.track] = sample.dts;
  }
  return origins;
}

uint8_t Mp4ReferenceTrack(const Mp4Movie& movie) {
  for (size_t i = 0; i < movie.tracks.size(); ++i) {
    if (movie.tracks[i].kind == TrackKind::kVideo) return static_cast<uint8_t>(i);
  }
  return 0;
}

}  // namespace reel
