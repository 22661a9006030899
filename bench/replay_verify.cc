#include "bench/replay_verify.h"

#include <optional>

#include "bench/replay_footage.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

// The trace's picture of that number. Its decode time is not sent, but derived.
Status CheckUnit(const Unit& unit, const Trace& trace, uint32_t camera) {
  const UnitView expected = trace.Unit(camera, unit.number.value, {});
  const bool same = unit.pts == ReplayNumbers(camera).first_timestamp + expected.pts &&
                    unit.flags == expected.flags && SameBytes(unit.bytes, expected.bytes);
  if (same) return OkStatus();
  return DataLoss("unit " + std::to_string(unit.number.value) + " is not what was sent");
}

}  // namespace

Status VerifyReplay(Store& store, StreamId stream, const Trace& trace, uint32_t camera,
                    WallTime since, uint64_t least_units) {
  const std::string name = "camera " + std::to_string(camera);
  CursorOptions options;
  options.range = {since, kWallMax};
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(stream, options));
  std::optional<RunId> run;
  uint64_t units = 0;
  uint64_t next = 0;
  for (;;) {
    REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
    if (item.kind == ItemKind::kEnd) break;
    if (item.kind == ItemKind::kDamage) return item.status;
    if (item.kind != ItemKind::kUnit || item.unit.wall < since) continue;
    if (run && *run != item.run) return DataLoss(name + ": its run was broken off");
    // The first ones may have been recycled.
    if (run && item.unit.number.value != next) return DataLoss(name + ": pictures are missing");
    REEL_RETURN_IF_ERROR(CheckUnit(item.unit, trace, camera).WithContext(name));
    run = item.run;
    next = item.unit.number.value + 1;
    ++units;
  }
  if (units >= least_units) return OkStatus();
  return DataLoss(name + " gave " + std::to_string(units) + " units of at least " +
                  std::to_string(least_units));
}

}  // namespace reel::bench
