// The single steps that micro_bench times and the instruction guard counts (tests/bench).
// Thread rule: one thread.
#pragma once

#include <memory>
#include <vector>

#include "bench/sim_node.h"
#include "bench/trace.h"
#include "engine/base/aligned.h"
#include "engine/format/chunk.h"
#include "engine/format/segment_header.h"
#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk.h"
#include "index/gop_codec.h"
#include "index/rocks_index.h"

namespace reel::bench {

// A chunk of `units` units of a 4 Mbit/s camera, the first one clean.
class ChunkCase {
 public:
  explicit ChunkCase(uint32_t units);
  // Lays the units into the buffer with their checksums and seals the head, as ChunkBuilder and
  // Volume do. The header's CRC.
  uint32_t Encode();
  // True if every byte verifies.
  bool DecodeAndVerify() const;
  uint32_t chunk_bytes() const { return chunk_bytes_; }
  ByteSpan bytes() const { return ByteSpan(bytes_).first(chunk_bytes_); }
  // The same content at another place of another order.
  void Place(uint32_t seq, uint64_t offset_bytes, uint32_t chain);
  const SegmentUid& uid() const { return uid_; }

 private:
  Trace trace_;
  uint32_t units_;
  Bytes bytes_;
  uint32_t chunk_bytes_ = 0;
  SegmentUid uid_;
  uint32_t seq_ = 1;
  uint64_t offset_bytes_ = 8192;
  uint32_t chain_ = 0;
};

// The index row of one minute of a stream: 30 GOPs.
class MinuteCase {
 public:
  MinuteCase();
  size_t RoundTrip() const;  // encoded bytes

 private:
  MinuteId id_;
  std::vector<GopRow> rows_;
};

// An index in memory with about `keyframes` keyframes of 100 streams.
class IndexCase {
 public:
  explicit IndexCase(uint32_t keyframes);
  bool Lookup();  // the clean point at or before a random moment

 private:
  std::unique_ptr<RocksIndex> index_;
  std::vector<StreamId> streams_;
  Rng rng_{3};
};

// The whole recording path of a simulated node in simulated real time.
class RecordCase {
 public:
  RecordCase();
  uint64_t Record(uint64_t units);  // durable so far

 private:
  Trace trace_;
  std::unique_ptr<SimNode> node_;
  std::unique_ptr<RunWriter> writer_;
  WallTime begin_;
  uint64_t next_ = 0;
};

// A segment without a footer that holds `chunks` chunks of six units.
class SalvageCase {
 public:
  explicit SalvageCase(uint32_t chunks);
  uint64_t Scan();  // chunks accepted
  uint64_t segment_bytes() const { return header_.segment_bytes; }

 private:
  SimDisk disk_;
  std::unique_ptr<File> file_;
  format::SegmentHeader header_;
};

}  // namespace reel::bench
