#include "engine/media/mp4_tables.h"

namespace reel {
namespace {

// A player that reads chunk by chunk is not asked for more at once.
constexpr uint32_t kMaxChunkSamples = 64;

// Rows of a table, their number filled in at the end.
class Rows {
 public:
  explicit Rows(BoxWriter* out) : out_(out), count_at_(out->size()) { out->Put32(0); }
  ~Rows() { out_->Patch32(count_at_, count_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  void Add() { ++count_; }

 private:
  BoxWriter* out_;
  size_t count_at_;
  uint32_t count_ = 0;
};

// Values of a track's samples as (count, value) rows: what stts and ctts are.
class RunLengths {
 public:
  explicit RunLengths(BoxWriter* out) : out_(out), rows_(out) {}
  ~RunLengths() { Flush(); }
  RunLengths(const RunLengths&) = delete;
  RunLengths& operator=(const RunLengths&) = delete;

  void Add(int64_t value) {
    if (count_ > 0 && value != value_) Flush();
    value_ = value;
    ++count_;
  }

 private:
  void Flush() {
    if (count_ == 0) return;
    out_->Put32(count_);
    out_->PutSigned32(value_);
    rows_.Add();
    count_ = 0;
  }

  BoxWriter* out_;
  Rows rows_;
  int64_t value_ = 0;
  uint32_t count_ = 0;
};

// Calls `take(sample)` for each sample of the track.
template <class Take>
void ForEach(const Mp4Movie& movie, size_t track, Take take) {
  for (const Mp4Sample& sample : movie.samples) {
    if (sample.track == track) take(sample);
  }
}

void PutStsd(const Mp4Track& track, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull("stsd", 0, 0);
  out->Put32(track.entries.size());
  for (const Bytes& entry : track.entries) out->PutBytes(entry);
}

void PutStts(const Mp4Movie& movie, size_t track, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull("stts", 0, 0);
  RunLengths rows(out);
  ForEach(movie, track, [&](const Mp4Sample& sample) { rows.Add(sample.duration); });
}

// None where decoding order is presentation order.
void PutCtts(const Mp4Movie& movie, size_t track, BoxWriter* out) {
  bool any = false;
  bool negative = false;
  ForEach(movie, track, [&](const Mp4Sample& sample) {
    any = any || sample.delay != 0;
    negative = negative || sample.delay < 0;
  });
  if (!any) return;
  const BoxWriter::Box box = out->BeginFull("ctts", negative ? 1 : 0, 0);
  RunLengths rows(out);
  ForEach(movie, track, [&](const Mp4Sample& sample) { rows.Add(sample.delay); });
}

// None where decoding may start at each.
void PutStss(const Mp4Movie& movie, size_t track, BoxWriter* out) {
  bool all = true;
  ForEach(movie, track, [&](const Mp4Sample& sample) { all = all && sample.sync; });
  if (all) return;
  const BoxWriter::Box box = out->BeginFull("stss", 0, 0);
  Rows rows(out);
  uint32_t number = 0;
  ForEach(movie, track, [&](const Mp4Sample& sample) {
    ++number;
    if (!sample.sync) return;
    out->Put32(number);
    rows.Add();
  });
}

void PutStsz(const Mp4Movie& movie, size_t track, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull("stsz", 0, 0);
  out->Put32(0);  // each has its own size
  Rows rows(out);
  ForEach(movie, track, [&](const Mp4Sample& sample) {
    out->Put32(sample.size_bytes);
    rows.Add();
  });
}

// Samples of one track and one entry that stand one behind another.
struct Chunk {
  uint64_t offset_bytes = 0;  // from the first sample of the file
  uint32_t samples = 0;
  uint16_t entry = 0;
};

std::vector<Chunk> ChunksOf(const Mp4Movie& movie, size_t track) {
  std::vector<Chunk> chunks;
  uint64_t at = 0;
  bool joins = false;
  for (const Mp4Sample& sample : movie.samples) {
    const bool is_ours = sample.track == track;
    if (is_ours) {
      joins =
          joins && chunks.back().entry == sample.entry && chunks.back().samples < kMaxChunkSamples;
      if (!joins) chunks.push_back({at, 0, sample.entry});
      ++chunks.back().samples;
    }
    joins = is_ours;
    at += sample.size_bytes;
  }
  return chunks;
}

void PutStsc(const std::vector<Chunk>& chunks, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull("stsc", 0, 0);
  Rows rows(out);
  for (size_t i = 0; i < chunks.size(); ++i) {
    const bool same = i > 0 && chunks[i].samples == chunks[i - 1].samples &&
                      chunks[i].entry == chunks[i - 1].entry;
    if (same) continue;
    out->Put32(i + 1);
    out->Put32(chunks[i].samples);
    out->Put32(uint32_t{chunks[i].entry} + 1);
    rows.Add();
  }
}

void PutChunkOffsets(const std::vector<Chunk>& chunks, const Mp4DataPlace& data, BoxWriter* out) {
  const BoxWriter::Box box = out->BeginFull(data.wide ? "co64" : "stco", 0, 0);
  out->Put32(chunks.size());
  for (const Chunk& chunk : chunks) {
    const uint64_t at = data.begin_bytes + chunk.offset_bytes;
    if (data.wide) out->Put64(at);
    if (!data.wide) out->Put32(at);
  }
}

void PutEmptyTables(BoxWriter* out) {
  for (const char* type : {"stts", "stsc", "stco"}) {
    const BoxWriter::Box box = out->BeginFull(type, 0, 0);
    out->Put32(0);
  }
  const BoxWriter::Box box = out->BeginFull("stsz", 0, 0);
  out->PutZeros(8);
}

}  // namespace

void PutMp4SampleTable(const Mp4Movie& movie, size_t track, const Mp4DataPlace* data,
                       BoxWriter* out) {
  const BoxWriter::Box box = out->Begin("stbl");
  PutStsd(movie.tracks[track], out);
  if (data == nullptr) {
    PutEmptyTables(out);
    return;
  }
  PutStts(movie, track, out);
  PutCtts(movie, track, out);
  PutStss(movie, track, out);
  const std::vector<Chunk> chunks = ChunksOf(movie, track);
  PutStsc(chunks, out);
  PutStsz(movie, track, out);
  PutChunkOffsets(chunks, *data, out);
}

}  // namespace reel
