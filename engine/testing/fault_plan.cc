#include "engine/testing/fault_plan.h"

#include <utility>

namespace reel {

Fault Fault::Error(int system_errno) {
  Fault fault;
  fault.kind = Kind::kError;
  fault.system_errno = system_errno;
  return fault;
}

Fault Fault::Short() {
  Fault fault;
  fault.kind = Kind::kShort;
  return fault;
}

Fault Fault::Stall(Duration stall) {
  Fault fault;
  fault.kind = Kind::kStall;
  fault.stall = stall;
  return fault;
}

Fault Fault::Misdirect(std::string file, uint64_t offset_bytes) {
  Fault fault;
  fault.kind = Kind::kMisdirect;
  fault.file = std::move(file);
  fault.offset_bytes = offset_bytes;
  return fault;
}

void FaultPlan::Add(FaultRule rule) {
  std::lock_guard lock(mutex_);
  rules_.push_back({std::move(rule), 0});
}

void FaultPlan::Clear() {
  std::lock_guard lock(mutex_);
  rules_.clear();
}

Fault FaultPlan::Next(SeamCall call, const std::string& file) {
  std::lock_guard lock(mutex_);
  ++counts_[static_cast<size_t>(SeamCall::kAny)];
  ++counts_[static_cast<size_t>(call)];
  Fault happens;
  for (Armed& armed : rules_) {
    const FaultRule& rule = armed.rule;
    if (rule.call != SeamCall::kAny && rule.call != call) continue;
    if (!rule.file.empty() && rule.file != file) continue;
    ++armed.seen;
    const bool hit = armed.seen >= rule.nth && armed.seen - rule.nth < rule.times;
    if (hit && happens.kind == Fault::Kind::kNone) happens = rule.fault;
  }
  return happens;
}

uint64_t FaultPlan::count(SeamCall call) const {
  std::lock_guard lock(mutex_);
  return counts_[static_cast<size_t>(call)];
}

}  // namespace reel
