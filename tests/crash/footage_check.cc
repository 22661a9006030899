#include "tests/crash/footage_check.h"

#include <algorithm>

namespace reel::crash {
namespace {

constexpr size_t kProblemsMax = 12;

bool IsAsMade(const Unit& unit, const ModelUnit& made) {
  return unit.bytes == *made.bytes && unit.flags == made.flags && unit.pts == made.pts &&
         unit.wall == made.wall;
}

}  // namespace

FootageCheck::FootageCheck(const Model& model, uint64_t instant)
    : model_(model), instant_(instant), last_(model.runs.size(), -1) {
  for (const ModelRun& run : model.runs) given_.emplace_back(run.units.size());
}

void FootageCheck::Problem(const std::string& text) {
  if (problems_.size() < kProblemsMax) problems_.push_back(text);
}

void FootageCheck::Read(Store& store, size_t stream, CursorMode mode) {
  const ModelStream& asked = model_.streams[stream];
  CursorOptions options;
  options.mode = mode;
  auto cursor = store.Read(asked.id, options);
  if (!cursor.ok()) return Problem(asked.name + ": read: " + cursor.status().ToString());
  for (;;) {
    const Result<Item> item = (*cursor)->Next();
    if (!item.ok()) return Problem(asked.name + ": next: " + item.status().ToString());
    if (item->kind == ItemKind::kEnd) return;
    if (item->kind == ItemKind::kDamage) {
      ++damaged_;
      if (!damage_expected_) Problem(asked.name + ": damage: " + item->status.ToString());
    }
    if (item->kind == ItemKind::kUnit) Take(*item, stream, mode);
  }
}

void FootageCheck::Take(const Item& item, size_t stream, CursorMode mode) {
  const uint64_t number = item.unit.number.value;
  const auto say = [&](const std::string& what) {
    Problem(model_.streams[stream].name + " run " + ToString(item.run).substr(0, 8) + " unit " +
            std::to_string(number) + " " + what);
  };
  if (extra_ != nullptr && item.run == extra_->id) {
    const bool right = number < extra_->units.size() && IsAsMade(item.unit, extra_->units[number]);
    if (!right) return say("of the new run is not as it was made");
    if (extra_given_[number]) say("of the new run is given twice");
    extra_given_[number] = true;
    return;
  }
  const ModelRun* run = model_.Find(item.run);
  if (run == nullptr || run->stream != stream || number >= run->units.size() ||
      !run->units[number].MayBeThere(instant_)) {
    return say("was never handed in");
  }
  if (!IsAsMade(item.unit, run->units[number])) say("is not as it was made");
  const auto index = static_cast<size_t>(run - model_.runs.data());
  uint8_t& given = given_[index][number];
  if (given != 0) say("is given twice");
  given = item.durable ? 2 : 1;
  const auto signed_number = static_cast<int64_t>(number);
  if (mode == CursorMode::kForward && signed_number <= last_[index]) {
    say("is given after " + std::to_string(last_[index]));
  }
  last_[index] = signed_number;
}

}  // namespace reel::crash
