#include "tests/crash/model.h"

#include <algorithm>

namespace reel::crash {
namespace {

// What an instant of the life before means for the next one.
uint64_t After(uint64_t at, uint64_t cut) { return at <= cut ? 0 : kNever; }

}  // namespace

size_t Model::AddRun(const RunId& id, size_t stream, uint64_t seed, WallTime begin) {
  run_of_[id] = runs.size();
  runs.push_back({id, stream, seed, begin, {}});
  return runs.size() - 1;
}

ModelRun* Model::Find(const RunId& id) {
  const auto at = run_of_.find(id);
  return at == run_of_.end() ? nullptr : &runs[at->second];
}

const ModelRun* Model::Find(const RunId& id) const {
  const auto at = run_of_.find(id);
  return at == run_of_.end() ? nullptr : &runs[at->second];
}

void Model::Accept(size_t run, uint64_t number, const UnitView& unit, uint64_t now) {
  std::vector<ModelUnit>& units = runs[run].units;
  if (units.size() <= number) units.resize(number + 1);
  ModelUnit& known = units[number];
  if (known.bytes != nullptr) return;
  known.bytes = std::make_shared<const Bytes>(unit.bytes.begin(), unit.bytes.end());
  known.flags = unit.flags;
  known.pts = unit.pts;
  known.wall = unit.wall;
  known.there_from = now + 1;
}

bool Model::Acknowledge(size_t run, uint64_t number, uint64_t now) {
  std::vector<ModelUnit>& units = runs[run].units;
  if (number >= units.size() || units[number].bytes == nullptr) return false;
  ModelUnit& unit = units[number];
  unit.acked_at = std::min(unit.acked_at, now);
  unit.acked_order = std::min(unit.acked_order, order_++);
  return true;
}

void Model::AddGap(const GapRow& row, uint64_t now) {
  gaps.push_back({row, now + 1, kNever, order_++});
}

void Model::CutAt(uint64_t instant) {
  for (ModelRun& run : runs) {
    for (ModelUnit& unit : run.units) {
      if (!unit.MayBeThere(instant)) {
        unit = ModelUnit{};
        continue;
      }
      unit.there_from = 0;
      unit.acked_at = After(unit.acked_at, instant);
      if (unit.acked_at == kNever) unit.acked_order = kNever;
    }
  }
  for (ModelStream& stream : streams) {
    stream.there_from = After(stream.there_from, instant);
    stream.acked_at = After(stream.acked_at, instant);
  }
  std::erase_if(gaps, [&](const ModelGap& gap) { return gap.there_from > instant; });
  for (ModelGap& gap : gaps) {
    gap.there_from = 0;
    gap.acked_at = After(gap.acked_at, instant);
  }
}

}  // namespace reel::crash
