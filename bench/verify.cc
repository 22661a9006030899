#include "bench/verify.h"

#include <cstring>

namespace reel::bench {
namespace {

Status CheckUnit(const Unit& unit, const UnitView& expected) {
  const bool same = unit.pts == expected.pts && unit.flags == expected.flags &&
                    unit.track == expected.track && unit.wall == expected.wall &&
                    SameBytes(unit.bytes, expected.bytes);
  if (same) return OkStatus();
  return DataLoss("unit " + std::to_string(unit.number.value) + " is not what was written");
}

}  // namespace

bool SameBytes(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

Status VerifyStream(Store& store, StreamId camera, const Trace& trace, uint32_t stream,
                    WallTime begin, WallRange range, uint64_t least_units) {
  CursorOptions options;
  options.range = range;
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(camera, options));
  uint64_t units = 0;
  while (true) {
    REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
    if (item.kind == ItemKind::kEnd) break;
    if (item.kind == ItemKind::kDamage) return item.status;
    if (item.kind != ItemKind::kUnit) continue;
    REEL_RETURN_IF_ERROR(CheckUnit(item.unit, trace.Unit(stream, item.unit.number.value, begin)));
    ++units;
  }
  if (units >= least_units) return OkStatus();
  return DataLoss("stream " + std::to_string(stream) + " gave " + std::to_string(units) +
                  " units of at least " + std::to_string(least_units));
}

Status VerifyChunks(BenchNode& node) {
  std::string first;
  const auto verified = node.store().Verify([&](const std::string& problem) {
    if (first.empty()) first = problem;
  });
  if (!verified.ok()) return verified.status().WithContext(first);
  return verified->problems == 0 ? OkStatus() : DataLoss(first);
}

Status VerifyNode(BenchNode& node) {
  if (const uint64_t shed = node.store().counters().units_shed; shed != 0)
    return DataLoss(std::to_string(shed) + " units were shed");
  REEL_RETURN_IF_ERROR(VerifyChunks(node));
  const std::vector<std::string> complaints = node.complaints();
  if (!complaints.empty()) return Internal("the engine complained: " + complaints.front());
  return OkStatus();
}

}  // namespace reel::bench
