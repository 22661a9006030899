// Model: what a world's producers were told, and when: which units, names and gaps were handed in
// and which of them were acknowledged. A power cut at an instant must leave everything that was
// acknowledged by then, may leave what was handed in before it, and nothing else.
//
// Instants are those of SimWorld. Thread rule: a value; copies share the bytes of units.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "reel/store.h"
#include "tests/crash/plan.h"

namespace reel::crash {

struct ModelUnit {
  std::shared_ptr<const Bytes> bytes;  // null: never handed in
  uint8_t flags = 0;
  int64_t pts = 0;
  WallTime wall;
  uint64_t there_from = kNever;  // the first instant whose power cut may leave it
  uint64_t acked_at = kNever;
  uint64_t acked_order = kNever;  // counts all that is acknowledged, over all lives
  bool gone = false;              // a copy of it had made room in an earlier life

  bool MayBeThere(uint64_t instant) const { return there_from <= instant; }
  bool MustBeThere(uint64_t instant) const { return acked_at <= instant; }
};

struct ModelRun {
  RunId id;
  size_t stream = 0;
  uint64_t seed = 0;  // of its source
  WallTime begin;
  std::vector<ModelUnit> units;  // by number
};

struct ModelStream {
  std::string name;
  StreamId id;  // nil: not known
  uint64_t there_from = kNever;
  uint64_t acked_at = kNever;
};

struct ModelGap {
  GapRow row;
  uint64_t there_from = kNever;
  uint64_t acked_at = kNever;
  uint64_t order = 0;  // units acknowledged before it have lower ones
};

class Model {
 public:
  std::vector<ModelStream> streams;
  std::vector<ModelRun> runs;
  std::vector<ModelGap> gaps;

  size_t AddRun(const RunId& id, size_t stream, uint64_t seed, WallTime begin);
  ModelRun* Find(const RunId& id);
  const ModelRun* Find(const RunId& id) const;
  void Accept(size_t run, uint64_t number, const UnitView& unit, uint64_t now);
  // The unit is durable: its producer was told so, or a reader was given it as such. False if it
  // was never handed in.
  bool Acknowledge(size_t run, uint64_t number, uint64_t now);
  // `row` is about to be recorded.
  void AddGap(const GapRow& row, uint64_t now);

  // What is to be expected after a power cut at `instant`: times begin anew.
  void CutAt(uint64_t instant);

 private:
  std::unordered_map<RunId, size_t> run_of_;
  uint64_t order_ = 0;
};

}  // namespace reel::crash
