// SeekHistory: what rows about seeking share: a node with a long history in its index, whose latest
// part has footage, which is written anew each round while other cameras record; and a reader
// without an engine beside it.
//
// Cold: a moment of each stream once, then DropIndexCache. The index's own cache is smaller than
// what one such pass looks up, and the footage is read with O_DIRECT.
//
// Thread rule: SetUp, Renew and TearDown by one thread; the rest from any.
#pragma once

#include <memory>
#include <vector>

#include "bench/benchmark.h"
#include "bench/histogram.h"
#include "bench/long_history.h"
#include "bench/node.h"
#include "bench/raw_probe.h"
#include "bench/unpaced.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {

class SeekHistory {
 public:
  static constexpr uint32_t kStreams = 100;

  // 100 million where the settings do not say otherwise.
  static uint64_t KeyframesOf(const Settings& settings);
  // `live` more cameras than those of the history.
  Status SetUp(const Settings& settings, uint32_t live);
  // ReadRaw needs it. Writes a large file, so that it comes before SetUp opens the store.
  Status PrepareRaw(const Settings& settings);
  // The latest history, so that what is sought has not been recycled.
  Status Renew();
  // Verifies what is left.
  Status TearDown();

  BenchNode& node() { return *node_; }
  const std::vector<StreamId>& live_cameras() const { return live_cameras_; }
  StreamId camera(uint32_t i) const { return history_->cameras()[i]; }
  WallTime end() const { return history_->TimeOf(history_->next_unit()); }
  const Trace& trace() const { return trace_; }
  const LongHistory& past() const { return *past_; }  // in the index alone
  uint64_t keyframes() const { return past_->keyframes(); }
  uint64_t gops() const { return gops_; }  // of each stream, in the latest history

  // A random moment of the camera in the latest history.
  struct Target {
    uint32_t camera = 0;
    WallTime time;
  };
  Target Pick(uint32_t camera, Rng* rng) const;
  // To the target's GOP, each unit compared with the trace: until its key picture is in hand, and
  // until all of it is, unless `gop` is null: then the key picture alone is read.
  Status Seek(const Target& target, Histogram* key, Histogram* gop);
  void DropIndexCache() const { BenchNode::DropIndexCache(node_->shape()); }
  // Where the latest history of the streams begins.
  WallTime latest_begin() const;
  // Whether the bytes are those of that unit of a stream's history.
  bool IsUnit(uint32_t camera, UnitNumber number, ByteSpan bytes) const;

  // What the bytes of a seek cost without an engine: an index block, then the footage behind it,
  // its key picture or the whole GOP. Blocks.
  Status ReadRaw(Rng* rng, bool whole_gop, Histogram* latency);

 private:
  Trace trace_{TraceShape{}};
  std::unique_ptr<LongHistory> past_;
  uint64_t gops_ = 0;
  std::unique_ptr<BenchNode> node_;
  std::unique_ptr<RawProbe> raw_;
  std::unique_ptr<UnpacedCameras> history_;
  std::vector<StreamId> live_cameras_;
};

double Microseconds(Duration d);
// Count, percentiles and maximum, in microseconds.
nlohmann::json JsonOf(const Histogram& histogram);

}  // namespace reel::bench
