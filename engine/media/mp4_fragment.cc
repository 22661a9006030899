// Fragments: each stands by itself, with the wall time of its first sample in front (prft).
#include <algorithm>

#include "engine/media/mp4_header.h"

namespace reel {
namespace {

constexpr uint32_t kSyncSample = 0x0200'0000;   // depends on no other
constexpr uint32_t kOtherSample = 0x0101'0000;  // depends on others; not a sync sample
constexpr size_t kMdatHeaderBytes = 8;
constexpr size_t kPrftBytes = 32;

// Seconds since 1900 with 32 bits of fraction; modulo 2^32 seconds, as NTP has it.
uint64_t NtpTime(WallTime time) {
  constexpr int64_t kFrom1900To1970 = 2'208'988'800;
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  int64_t seconds = time.ns / kNsPerSecond;
  int64_t rest = time.ns % kNsPerSecond;
  if (rest < 0) {
    rest += kNsPerSecond;
    --seconds;
  }
  const auto fraction = (static_cast<uint64_t>(rest) << 32) / kNsPerSecond;
  return static_cast<uint64_t>(seconds + kFrom1900To1970) << 32 | fraction;
}

// The fragment's first sample of the track; its end if there is none.
size_t FirstOf(const Mp4Movie& movie, size_t track, const Mp4Fragment& fragment) {
  size_t at = fragment.first;
  while (at < fragment.end && movie.samples[at].track != track) ++at;
  return at;
}

uint64_t PayloadOf(const Mp4Movie& movie, size_t first, size_t end) {
  uint64_t bytes = 0;
  for (size_t i = first; i < end; ++i) bytes += movie.samples[i].size_bytes;
  return bytes;
}

void PutPrft(const Mp4Movie& movie, size_t sample, int64_t origin, BoxWriter* out) {
  constexpr uint32_t kCaptured = 24;  // when it was captured, not when it was written
  const Mp4Sample& first = movie.samples[sample];
  const BoxWriter::Box box = out->BeginFull("prft", 1, kCaptured);
  out->Put32(uint32_t{first.track} + 1);
  out->Put64(NtpTime(first.wall));
  out->PutSigned64(first.dts - origin);
}

// `offsets` gathers where a data offset stands, and what it is from the first sample on.
struct DataOffset {
  size_t at = 0;
  uint64_t payload_bytes = 0;
};

void PutTrun(const Mp4Movie& movie, size_t first, size_t end, uint64_t payload_bytes,
             std::vector<DataOffset>* offsets, BoxWriter* out) {
  constexpr uint32_t kOffsetDurationSizeFlagsDelay = 0x0F01;
  const BoxWriter::Box box = out->BeginFull("trun", 1, kOffsetDurationSizeFlagsDelay);
  out->Put32(end - first);
  offsets->push_back({out->size(), payload_bytes});
  out->Put32(0);
  for (size_t i = first; i < end; ++i) {
    const Mp4Sample& sample = movie.samples[i];
    out->Put32(sample.duration);
    out->Put32(sample.size_bytes);
    out->Put32(sample.sync ? kSyncSample : kOtherSample);
    out->PutSigned32(sample.delay);
  }
}

void PutTraf(const Mp4Movie& movie, size_t first, size_t end, int64_t origin, uint64_t payload,
             std::vector<DataOffset>* offsets, BoxWriter* out) {
  constexpr uint32_t kEntryAndBaseIsMoof = 0x0002'0002;
  const Mp4Sample& begin = movie.samples[first];
  const BoxWriter::Box box = out->Begin("traf");
  {
    const BoxWriter::Box tfhd = out->BeginFull("tfhd", 0, kEntryAndBaseIsMoof);
    out->Put32(uint32_t{begin.track} + 1);
    out->Put32(uint32_t{begin.entry} + 1);
  }
  {
    const BoxWriter::Box tfdt = out->BeginFull("tfdt", 1, 0);
    out->PutSigned64(begin.dts - origin);
  }
  for (size_t at = first; at < end;) {
    const uint8_t track = movie.samples[at].track;
    size_t run_end = at;
    while (run_end < end && movie.samples[run_end].track == track) ++run_end;
    if (track == begin.track) PutTrun(movie, at, run_end, payload, offsets, out);
    for (; at < run_end; ++at) payload += movie.samples[at].size_bytes;
  }
}

// A traf for each track that has samples.
void PutMoof(const Mp4Movie& movie, std::span<const int64_t> origins, const Mp4Fragment& fragment,
             uint32_t number, std::vector<DataOffset>* offsets, BoxWriter* out) {
  const BoxWriter::Box moof = out->Begin("moof");
  {
    const BoxWriter::Box mfhd = out->BeginFull("mfhd", 0, 0);
    out->Put32(number);
  }
  for (size_t track = 0; track < movie.tracks.size(); ++track) {
    const size_t first = FirstOf(movie, track, fragment);
    if (first == fragment.end) continue;
    PutTraf(movie, first, fragment.end, origins[track], PayloadOf(movie, fragment.first, first),
            offsets, out);
  }
}

}  // namespace

void PutMp4Fragment(const Mp4Movie& movie, std::span<const int64_t> origins,
                    const Mp4Fragment& fragment, uint32_t number, BoxWriter* out) {
  size_t timed = FirstOf(movie, Mp4ReferenceTrack(movie), fragment);
  if (timed == fragment.end) timed = fragment.first;
  PutPrft(movie, timed, origins[movie.samples[timed].track], out);
  const size_t moof_at = out->size();
  std::vector<DataOffset> offsets;
  PutMoof(movie, origins, fragment, number, &offsets, out);
  const uint64_t data_at = out->size() - moof_at + kMdatHeaderBytes;
  for (const DataOffset& offset : offsets) out->Patch32(offset.at, data_at + offset.payload_bytes);
  out->Put32(kMdatHeaderBytes + PayloadOf(movie, fragment.first, fragment.end));
  out->PutText("mdat");
}

void PutMp4Mfra(const Mp4Movie& movie, std::span<const int64_t> origins,
                std::span<const Mp4Fragment> fragments, BoxWriter* out) {
  const uint8_t track = Mp4ReferenceTrack(movie);
  const size_t begin = out->size();
  const BoxWriter::Box box = out->Begin("mfra");
  {
    const BoxWriter::Box tfra = out->BeginFull("tfra", 1, 0);
    out->Put32(uint32_t{track} + 1);
    out->Put32(0);  // traf, trun and sample number take a byte each
    const size_t count_at = out->size();
    out->Put32(0);
    uint32_t count = 0;
    for (const Mp4Fragment& fragment : fragments) {
      const size_t at = FirstOf(movie, track, fragment);
      if (at == fragment.end || !movie.samples[at].sync) continue;
      out->PutSigned64(movie.samples[at].dts + movie.samples[at].delay - origins[track]);
      out->Put64(fragment.begin_bytes + kPrftBytes);
      size_t traf = 1;
      for (size_t i = 0; i < track; ++i)
        traf += FirstOf(movie, i, fragment) < fragment.end ? 1U : 0U;
      out->Put8(traf);
      out->Put8(1);
      out->Put8(1);
      ++count;
    }
    out->Patch32(count_at, count);
  }
  const BoxWriter::Box mfro = out->BeginFull("mfro", 0, 0);
  constexpr size_t kSizeFieldBytes = 4;
  out->Put32(out->size() + kSizeFieldBytes - begin);
}

}  // namespace reel
